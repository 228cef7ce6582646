"""Pools of images: a list, a page of each, and a form that has a folder imported."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import validate_slug
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from annotations.datasets import import_requests as imports
from annotations.datasets.encoder_choices import encoder_choices
from annotations.models import UNFINISHED, Pool
from annotations.pages.form_errors import RefusalsShown, linked_errors
from annotations.pages.number_formats import NONE
from annotations.pages.page_acts import answer_to_act
from annotations.pages.read_only import ReadOnlyAdmin
from annotations.pages.site_pages import show_site_page
from annotations.pages.typed_classes import Form
from annotations.pools import pool_requests
from annotations.staff import roles
from clarify_errors.arrays.common.counted_words import counted


class PoolForm(Form):
    """What is imported, and with which encoder."""

    name = forms.CharField(max_length=60, validators=[validate_slug], help_text="Letters, digits, _ and -.")
    folder = forms.ChoiceField(
        label="Folder on this server",
        choices=lambda: [(name, name) for name in imports.importable_folders()],
        help_text="Of images, of tar shards, or of embeddings (img_emb and metadata). It must stay where it is.",
    )
    encoder = forms.ChoiceField(
        choices=encoder_choices,
        initial=lambda: encoder_choices()[0][0],
        widget=forms.RadioSelect,
        help_text="The one of the data set for which you gather.",
    )


class RemovalForm(Form):
    """Which images are taken out of a pool, and why."""

    licence = forms.ChoiceField(label="All of a licence", required=False)
    names = forms.CharField(
        label="Or these files, one a line",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 40}),
        help_text="Names below the pool’s folder.",
    )
    why = forms.CharField(label="Why", max_length=500, help_text="For example: the licence was withdrawn.")

    def __init__(self, pool: Pool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        licences = (
            sorted({str(note.get("licence", "")) for note in pool.dataset.files.notes} - {""}) if pool.dataset else []
        )
        field: Any = self.fields["licence"]
        field.choices = [("", "none"), *((each, each) for each in licences)]

    def clean_names(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["names"].splitlines() if line.strip()]


@admin.register(Pool)
class PoolAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "phase", "images", "encoder", "created_at")
    list_filter = ("state",)
    search_fields = ("name",)
    list_select_related = ("dataset",)
    views = {"new": "new/"}
    fields = ("name", "state", "phase", "error", "images", "search", "encoder", "folder", "created_at", "finished_at")
    readonly_fields = ("images", "search")
    change_list_template = "admin/annotations/pool/list.html"
    change_form_template = "admin/annotations/pool/page.html"

    @admin.display(description="images")
    def images(self, pool: Pool) -> str:
        if pool.dataset is None:
            return f"{pool.n_done:,} of {pool.n_total:,}" if pool.state in UNFINISHED and pool.n_total else NONE
        out = f", {len(pool.removed):,} of them taken out" if pool.removals else ""
        return f"{pool.dataset.counts['train']:,}{out}"

    @admin.display(description="find images")
    def search(self, pool: Pool) -> SafeString | str:
        if pool.dataset is None:
            return NONE
        address = reverse("admin:annotations_dataset_images", args=[pool.dataset.pk])
        return format_html('<a href="{}">by words or by examples</a>', address)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the pool; a POST has new images of its folder added, or takes some out."""
        pool, may_act = self.get_object(request, object_id), roles.may_set_up(request.user)
        if request.method == "POST":
            if not may_act:
                raise Http404
            return answer_to_act(request, _ACTS, pool)
        form = RemovalForm(pool) if pool.dataset and may_act else None
        return super().change_view(request, object_id, extra_context={"removal_form": form})

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form; a POST asks for the import."""
        if not roles.may_set_up(request.user):
            raise Http404
        form = PoolForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with RefusalsShown(form):
                pool = pool_requests.request_pool(**form.cleaned_data, by=request.user.get_username())
                return redirect("admin:annotations_pool_change", pool.pk)
        title, has_folders = "Import a pool of unlabelled images", bool(imports.importable_folders())
        return show_site_page(request, "annotations/pool/new", title, form=form, has_folders=has_folders)


def _look_again(request: HttpRequest, pool: Pool, by: str) -> str:
    pool_requests.import_again(pool, by=by)
    return "A worker looks for images that are new in the folder."


def _take_out(request: HttpRequest, pool: Pool, by: str) -> str | None:
    form = RemovalForm(pool, request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(error.message for error in linked_errors(form)))
        return None
    n, made = pool_requests.take_out(pool, by=by, **form.cleaned_data)
    keep = f" These were made with some of them, and keep them: {', '.join(map(str, made))}." if made else ""
    return f"Took {counted(n, 'image')} out.{keep}"


_ACTS = {"again": _look_again, "take_out": _take_out}
