"""Importing a data set: a form that asks for it, and a page that shows how far it is and what came of it.

An uploaded archive goes straight to its place under DATA_ROOT, no further than the limit, never into memory.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.core.validators import validate_slug
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.csrf import csrf_exempt

from annotations.base.service_errors import ServiceError
from annotations.datasets import import_requests as imports
from annotations.datasets.encoder_choices import encoder_choices
from annotations.datasets.import_requests import import_progress, upload_path
from annotations.datasets.model_errors import little_learned
from annotations.datasets.staff_pages.class_pictures import readable_classes
from annotations.models import UNFINISHED, BaseModel, DatasetImport, JobState
from annotations.models.dataset import STRENGTH
from annotations.pages.form_errors import RefusalsShown
from annotations.pages.list_columns import column, marked_state
from annotations.pages.number_formats import NONE, TypedFloatField
from annotations.pages.read_only import ReadOnlyAdmin
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import Form
from annotations.pages.uploads import FORM_BYTES, take_in
from annotations.staff import members, roles
from clarify_errors.arrays.datasets.importing.archives import SUFFIXES
from clarify_errors.arrays.datasets.importing.sources import TABLES

MEGABYTE = 2**20
HIDDEN = "."  # begins the name of what is not finished: no back-up has it


class Archive(UploadedFile):  # type: ignore[type-arg]  # it takes none when it runs
    """An archive that arrived whole, at `path`: hidden, and so in no back-up, until it is kept."""

    def __init__(self, path: Path, name: str, size: int) -> None:
        super().__init__(path.open("rb"), name, size=size)
        self.path = path

    def keep(self) -> Path:
        """Give it the name under which a worker will find it; return its path."""
        self.path = self.path.rename(self.path.with_name(self.path.name.removeprefix(HIDDEN)))
        return self.path

    def remove(self) -> None:
        """Remove it: nothing came of it."""
        self.path.unlink(missing_ok=True)


class ArchiveUpload(FileUploadHandler):
    """Writes the file of the field `archive`; what is wrong with it stands in `problem`, for the page to say."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.problem = ""
        self._path: Path | None = None
        self._target: IO[bytes] | None = None

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != "archive" or self._path is not None:
            self._refuse("Upload one archive and no other file.")
        try:
            place = upload_path(file_name)
            self._path = place.with_name(HIDDEN + place.name)
            self._target = self._path.open("xb")
        except ServiceError as error:
            self._refuse(error.message)
        except OSError as error:
            self._refuse(_cannot_be_stored(error))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._target is not None, "new_file opened it"
        if start + len(raw_data) > max_bytes():
            self._refuse(too_large())
        try:
            self._target.write(raw_data)
        except OSError as error:
            self._refuse(_cannot_be_stored(error))

    def file_complete(self, file_size: int) -> Archive | None:
        if self._path is None or self._target is None:
            return None
        self._target.close()
        return Archive(self._path, str(self.file_name), file_size)

    def upload_interrupted(self) -> None:
        self._remove()

    def _refuse(self, problem: str) -> None:
        self.problem = problem
        self._remove()
        raise SkipFile

    def _remove(self) -> None:
        if self._target is not None:
            self._target.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        self._path = self._target = None


def max_bytes() -> int:
    """Return how many bytes an archive may have."""
    return int(settings.IMPORT_UPLOAD_MB) * MEGABYTE


def too_large() -> str:
    """Return what is said of a larger one."""
    return (
        f"The archive is larger than the limit of {settings.IMPORT_UPLOAD_MB:,} MB. Ask an operator to put the "
        "folder into the import folder instead."
    )


def _cannot_be_stored(error: OSError) -> str:
    return f"The archive cannot be stored: {error.strerror or error}. Ask an operator to free disk space."


_SPLITS = ("train", "validation", "test")
_IN_A_FOLDER = "in a folder on this server"
_FORMATS = (
    ("imagefolder", "Folders: train, validation and test, with a folder of images for each class"),
    ("imagenet", "ImageNet: train and val by wnid; or a second test set such as ImageNet-V2"),
    ("shards", "WebDataset: tar shards with an image and its class (.cls or .json) for each key"),
    ("csv", f"{TABLES['csv'][0]}: metadata.csv with filename, split, class and, for groups, attribute"),
    ("huggingface", f"Hugging Face: Parquet files, or a folder of save_to_disk, {_IN_A_FOLDER}"),
    ("embeddings", f"Embeddings that others computed: img_emb and metadata, {_IN_A_FOLDER}"),
    ("waterbirds", f"{TABLES['waterbirds'][0]}: metadata.csv with img_filename, y, split and place"),
    ("celeba", "CelebA, as it is published: class Blond_Hair, groups by Male"),
)


def _formats() -> list[tuple[str, str]]:
    """What can be imported here."""
    return [each for each in _FORMATS if imports.importable_folders() or not each[1].endswith(_IN_A_FOLDER)]


class EncoderForm(Form):
    """With which encoder, of those that can be used here: the first is ticked."""

    similarity_encoder = forms.ChoiceField(
        label="Encoder",
        choices=encoder_choices,
        initial=lambda: encoder_choices()[0][0],
        widget=forms.RadioSelect,
        help_text="Compares phrases with images. Is yours not here? Whoever operates this site can offer it with the "
        "setting DEFAULT_SIMILARITY_ENCODER.",
    )


class ImportForm(EncoderForm):
    """What is imported, from where, and with what."""

    name = forms.CharField(
        max_length=60,
        required=False,
        validators=[validate_slug],
        help_text="Letters, digits, _ and -. Empty: that of the archive or of the folder.",
    )
    source_format = forms.ChoiceField(
        label="What it looks like", choices=_formats, initial="imagefolder", widget=forms.RadioSelect
    )
    folder = forms.ChoiceField(
        label="Folder on this server",
        required=False,
        choices=lambda: [("", "none, I upload an archive"), *((name, name) for name in imports.importable_folders())],
    )
    archive = forms.FileField(
        label="Archive",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(SUFFIXES)}),
        help_text=f"{', '.join(SUFFIXES)}; {settings.IMPORT_UPLOAD_MB:,} MB at the most. It is removed once it is "
        "imported.",
    )
    train_base_model = forms.BooleanField(
        label="Train a model too",
        required=False,
        initial=True,
        help_text="The classifier whose errors people will see. Without it, bring predictions on the data set’s page.",
    )
    l2 = TypedFloatField(
        label=STRENGTH.capitalize(),
        required=False,
        min_value=1e-12,
        initial=settings.DEFAULT_L2,
        help_text="The larger, the simpler the model: it goes by what is easy to see, and is wrong more often. Another "
        "one can be trained later, on the data set’s page.",
    )

    # What is needed comes first.
    field_order = ("archive", "folder", "name", "source_format", "similarity_encoder")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        source = given["archive"].name if given.get("archive") else given.get("folder", "")
        given["name"] = given.get("name") or slugify(source.partition(".")[0])[:60]
        if source and not given["name"]:
            self.add_error("name", "Give a name of letters, digits, _ and -.")
        return given


@admin.register(DatasetImport)
class ImportAdmin(ReadOnlyAdmin):
    list_display = ("name", "state_mark", "images", "dataset", "by", "created_at")
    list_filter = ("state",)
    search_fields = ("name",)
    list_select_related = ("dataset",)
    views = {"new": "new/"}
    state_mark = column("state", marked_state, ordering="state")
    images = column("images", lambda job: "{kept:,} of {listed:,}".format(**job.report) if job.report else NONE)
    by = column("requested by", "shown_by", ordering="shown_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Everybody sees every import, and who asked for it if that is somebody of a study of theirs."""
        by: Any = F("requested_by")
        if not roles.is_operator(request.user):
            known = Q(requested_by__in=members.colleagues_of(request.user).values("username"))
            by = Case(When(known, then=by), default=Value("somebody else"))
        jobs: QuerySet[Any] = super().get_queryset(request).annotate(shown_by=by)
        return jobs

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form. It is sent to `upload`."""
        if not roles.may_set_up(request.user):
            raise Http404
        return _form(request, ImportForm())

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the import; a POST lets one that failed be tried again."""
        job: DatasetImport = self.get_object(request, object_id)
        if request.method == "POST":
            self._again(request, job)
            return redirect(request.path)
        can_be_tried_again = imports.can_be_tried_again(job)
        chosen = {"similarity_encoder": job.similarity_encoder} if job.similarity_encoder else {}
        again = EncoderForm(initial=chosen) if can_be_tried_again and job.dataset is None else None
        is_done = job.state == JobState.DONE
        trained = BaseModel.objects.filter(dataset=job.dataset).order_by("created_at").last() if is_done else None
        rate, left_s = job.pace(timezone.now())
        title = f"Import of {job.name}" if job.folder or job.archive else f"A model of {job.name}, λ {job.l2:g}"
        context = {
            "job": job,
            "base_model": trained,
            "little_learned": little_learned(trained) if trained else "",
            "classes": (classes := readable_classes(request, trained) if trained else []),
            "n_more_classes": len(trained.dataset.class_names) - len(classes) if trained else 0,
            "counts": [(split, job.report.get("counts", {}).get(split, 0)) for split in _SPLITS],
            "left_out": job.report.get("left_out", {}).items(),
            "is_under_way": job.state in UNFINISHED,
            "progress": import_progress(job),
            "rate": rate,
            "left_s": left_s,
            "can_be_tried_again": can_be_tried_again,
            "again": again,
            "names_first": is_done and job.dataset is not None and job.dataset.is_unnamed,
        }
        return show_site_page(request, "annotations/datasetimport/job", title, **context)

    def _again(self, request: HttpRequest, job: DatasetImport) -> None:
        if not roles.may_set_up(request.user):
            raise Http404
        encoder = request.POST.get("similarity_encoder", "")
        with RefusalsShown(request):
            imports.request_again(job, similarity_encoder=encoder, by=request.user.get_username())


@csrf_exempt  # `take_in` checks the token, before it reads anything
def upload(request: HttpRequest) -> HttpResponse:
    """Take the form of an import in, with its archive where it has one."""
    if not roles.may_set_up(request.user):
        raise Http404
    if request.method != "POST":  # such as a reload of the page that says what was wrong
        return redirect("admin:annotations_datasetimport_new")
    handler = ArchiveUpload(request)
    try:
        if (answer := take_in(request, handler, max_bytes() + FORM_BYTES, too_large())) is not None:
            return answer
    except ServiceError as error:
        return _form(request, ImportForm(), problem=error.message, status=error.status)
    archive = request.FILES.get("archive")
    assert archive is None or isinstance(archive, Archive), "ArchiveUpload took it in"
    with ExitStack() as unless_imported:
        if archive is not None:
            unless_imported.callback(archive.remove)
        form, problem = ImportForm(request.POST, request.FILES), handler.problem
        try:
            if not problem and form.is_valid():
                job = _requested(request, form, archive)
                unless_imported.pop_all()
                return redirect("admin:annotations_datasetimport_change", job.pk)
        except ServiceError as error:
            problem = error.message
        return _form(request, form, problem=problem, status=400)


def _requested(request: HttpRequest, form: ImportForm, archive: Archive | None) -> DatasetImport:
    kept = "" if archive is None else archive.keep().relative_to(settings.DATA_ROOT).as_posix()
    job = DatasetImport(**{**form.cleaned_data, "archive": kept}, requested_by=request.user.get_username())
    return imports.request_import(job)


def _form(request: HttpRequest, form: ImportForm, *, problem: str = "", status: int = 0) -> HttpResponse:
    context = {"form": form, "problem": problem, "has_folders": bool(imports.importable_folders())}
    context["may_upload"] = roles.may_upload(request.user)
    return show_site_page(request, "annotations/datasetimport/new", "Import a data set", status, **context)
