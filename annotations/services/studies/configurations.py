"""A study's configuration, frozen under a version that every visit names."""

from django.db import transaction

from annotations.models import Study, StudyConfiguration
from annotations.readings.datasets.target_classes import resolved_target_class
from annotations.readings.studies.configuration_content import configuration_content, digest_of
from annotations.readings.studies.shown_keywords import shows_keywords, top_keywords


@transaction.atomic
def freeze(study: Study) -> StudyConfiguration:
    """Return the study's configuration as it is now: the newest version, or a new one where it has changed since.

    A draft freezes each time somebody rehearses it, and for good when it opens. A task without a class gets the one
    with the highest error rate; one without a machine's keywords the top of the newest list, where they are shown.
    Raises BadDataset where a data set does not open, NothingToEvaluate where nothing has a prediction.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # two at once would take one number
    for task in study.tasks.filter(target_class=None).with_base_models():
        task.target_class = resolved_target_class(task)
        task.save(update_fields=["target_class"])
    for task in study.tasks.filter(keywords="").with_base_models() if shows_keywords(study) else ():
        task.keywords = "\n".join(top_keywords(task))
        task.save(update_fields=["keywords"])
    data = configuration_content(study)
    newest = study.configurations.order_by("version").last()
    if newest is not None and newest.digest == digest_of(data):
        return newest
    version = 1 if newest is None else newest.version + 1
    return StudyConfiguration.objects.create(study=study, version=version, data=data, digest=digest_of(data))
