"""Every page of a study, in the order of its navigation. A module of pages adds its own PAGES here."""

from annotations.admin.study_pages import StudyPage

PAGES: tuple[StudyPage, ...] = ()
