"""Studies: their configurations, conditions, tasks and rehearsals."""

from django.core.validators import MaxValueValidator, MinValueValidator, validate_slug
from django.db import migrations, models
from django.db.models import F, Q

from annotations.models.consent_texts import default_consent
from annotations.models.end_questions import validate_end_questions
from annotations.models.study import new_pseudonym_key

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotations", "0001_datasets")]
    operations = [
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", BIG_ID),
                (
                    "slug",
                    models.SlugField(
                        unique=True, help_text="appears in the participants' link", validators=[validate_slug]
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "language",
                    models.CharField(
                        max_length=10,
                        default="en",
                        db_default="en",
                        choices=[("en", "English"), ("de", "Deutsch")],
                        help_text="of the title, introduction, consent and questions that you write",
                    ),
                ),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        db_default={},
                        help_text="what is left empty is shown in the study's own language, and the page says so",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        max_length=10,
                        default="draft",
                        choices=[("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("closed", "Closed")],
                    ),
                ),
                (
                    "introduction",
                    models.TextField(
                        blank=True, help_text="shown on the welcome page: what it is, how long, what it pays"
                    ),
                ),
                ("consent_text", models.TextField(default=default_consent)),
                (
                    "external_study_id",
                    models.CharField(
                        verbose_name="Prolific's study id",
                        max_length=64,
                        blank=True,
                        help_text="where given, a link with another study id is refused",
                    ),
                ),
                (
                    "participant_parameter",
                    models.CharField(max_length=40, default="PROLIFIC_PID", validators=[validate_slug]),
                ),
                ("study_parameter", models.CharField(max_length=40, default="STUDY_ID", validators=[validate_slug])),
                (
                    "session_parameter",
                    models.CharField(max_length=40, default="SESSION_ID", validators=[validate_slug]),
                ),
                (
                    "completion_code",
                    models.CharField(max_length=40, help_text="shown only after the completion is stored"),
                ),
                (
                    "completion_url",
                    models.CharField(
                        max_length=255,
                        blank=True,
                        default="https://app.prolific.com/submissions/complete?cc={code}",
                        help_text="{code} stands for the code; empty: no redirect",
                    ),
                ),
                (
                    "no_consent_code",
                    models.CharField(max_length=40, blank=True, help_text="for those who do not consent"),
                ),
                (
                    "comprehension_check",
                    models.BooleanField(
                        default=True, db_default=True, help_text="three questions after the tutorial, with two tries"
                    ),
                ),
                (
                    "failed_check_code",
                    models.CharField(
                        max_length=40,
                        blank=True,
                        default="",
                        db_default="",
                        help_text="for those who fail the check twice; empty: they are asked to return the study",
                    ),
                ),
                (
                    "failed_check_is_paid",
                    models.BooleanField(
                        default=False,
                        db_default=False,
                        help_text="that code screens out with pay; otherwise it asks for a return",
                    ),
                ),
                (
                    "end_questions",
                    models.TextField(
                        blank=True,
                        default="",
                        db_default="",
                        help_text="asked at the end, each may be skipped. One a line; answers to choose from "
                        "follow it after |, as in “How hard was it? | easy | fine | hard”; without "
                        "any, people write",
                        validators=[validate_end_questions],
                    ),
                ),
                (
                    "goal",
                    models.FloatField(
                        blank=True,
                        null=True,
                        help_text="error score to aim at",
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "suggest_rewordings",
                    models.BooleanField(
                        verbose_name="suggest other wordings",
                        default=False,
                        help_text="to people who say that the program did not find what they meant",
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        max_length=8,
                        default="crowd",
                        db_default="crowd",
                        choices=[
                            ("crowd", "people who come by the link"),
                            ("experts", "people who are logged in here"),
                        ],
                    ),
                ),
                (
                    "task_order",
                    models.CharField(
                        verbose_name="order of the tasks",
                        max_length=8,
                        default="fixed",
                        db_default="fixed",
                        choices=[
                            ("fixed", "as numbered"),
                            ("balanced", "balanced: each task comes equally often at each place"),
                        ],
                    ),
                ),
                (
                    "quota",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        help_text="people who shall complete it; empty: as many as come",
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "restart_rule",
                    models.CharField(
                        verbose_name="after a return",
                        max_length=10,
                        default="same_cell",
                        db_default="same_cell",
                        choices=[
                            ("same_cell", "a new visit under the same condition"),
                            ("new_cell", "a new visit, allocated anew"),
                            ("refused", "not let in again"),
                        ],
                        help_text="what becomes of a person who returned the study on Prolific and starts again",
                    ),
                ),
                (
                    "lease_minutes",
                    models.PositiveIntegerField(
                        verbose_name="place is held for, minutes",
                        default=90,
                        db_default=90,
                        help_text="counted from consent; after that the place goes to somebody else, and a "
                        "late completion is flagged",
                        validators=[MinValueValidator(5), MaxValueValidator(1440)],
                    ),
                ),
                (
                    "only_verified",
                    models.BooleanField(
                        verbose_name="only verified entries",
                        default=False,
                        db_default=False,
                        help_text="refuse people whose link is neither signed by Prolific nor confirmed by its API",
                    ),
                ),
                (
                    "max_minutes",
                    models.PositiveIntegerField(
                        verbose_name="Prolific's maximum time, minutes",
                        blank=True,
                        null=True,
                        validators=[MinValueValidator(1)],
                    ),
                ),
                (
                    "reward_cents",
                    models.PositiveIntegerField(verbose_name="reward, in hundredths", blank=True, null=True),
                ),
                ("currency", models.CharField(max_length=3, default="GBP", db_default="GBP")),
                (
                    "min_hourly_cents",
                    models.PositiveIntegerField(
                        verbose_name="least pay an hour, in hundredths",
                        default=900,
                        db_default=900,
                        help_text="pre-flight warns where the estimate lies below it",
                    ),
                ),
                (
                    "researcher_code",
                    models.CharField(
                        max_length=40,
                        blank=True,
                        default="",
                        db_default="",
                        help_text="completes a submission whose redirect was lost",
                    ),
                ),
                (
                    "bonus_cents",
                    models.PositiveIntegerField(
                        verbose_name="bonus, in hundredths",
                        blank=True,
                        null=True,
                        help_text="for a phrase above the goal and above what random words reach, on held-out "
                        "validation images",
                    ),
                ),
                (
                    "retention_days",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        help_text="after the study is closed, the ids that tie its data to persons are "
                        "destroyed; empty: by hand",
                    ),
                ),
                (
                    "new_concept_chance",
                    models.FloatField(
                        verbose_name="enough people, when a new idea is rarer than",
                        default=0.1,
                        db_default=0.1,
                        help_text="Good-Turing chance that the next person names a concept that nobody named before",
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                ("alarm_email", models.EmailField(max_length=254, blank=True, default="", db_default="")),
                (
                    "alarm_webhook",
                    models.URLField(
                        blank=True, default="", db_default="", help_text="https address that gets each alarm as JSON"
                    ),
                ),
                (
                    "alarm_dropout",
                    models.FloatField(
                        verbose_name="alarm when this share drops out",
                        default=0.4,
                        db_default=0.4,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "alarm_failed_check",
                    models.FloatField(
                        verbose_name="alarm when this share fails the check",
                        default=0.3,
                        db_default=0.3,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "cloned_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        editable=False,
                        related_name="clones",
                        on_delete=models.SET_NULL,
                        to="annotations.study",
                    ),
                ),
                (
                    "pseudonym_key",
                    models.CharField(
                        max_length=64,
                        blank=True,
                        default=new_pseudonym_key,
                        editable=False,
                        help_text="empty once destroyed",
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(
                        default=0,
                        db_default=0,
                        editable=False,
                        help_text="how often the draft was saved since it was made",
                    ),
                ),
                (
                    "revised_by",
                    models.CharField(
                        max_length=150,
                        blank=True,
                        default="",
                        db_default="",
                        editable=False,
                        help_text="user name of the last save",
                    ),
                ),
                ("revised_at", models.DateTimeField(blank=True, null=True, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("opened_at", models.DateTimeField(blank=True, null=True, editable=False)),
                ("closed_at", models.DateTimeField(blank=True, null=True, editable=False)),
            ],
            options={
                "verbose_name_plural": "studies",
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        name="study_state_known", condition=Q(state__in=["draft", "active", "paused", "closed"])
                    ),
                    models.CheckConstraint(
                        name="study_opened_unless_draft",
                        condition=Q(opened_at__isnull=True, state="draft")
                        | (~Q(state="draft") & Q(opened_at__isnull=False)),
                    ),
                    models.CheckConstraint(
                        name="study_closed_has_time",
                        condition=Q(closed_at__isnull=False, state="closed")
                        | (~Q(state="closed") & Q(closed_at__isnull=True)),
                    ),
                    models.CheckConstraint(
                        name="study_revision_names_who_and_when",
                        condition=Q(revised_at__isnull=True, revised_by="", revision=0)
                        | (Q(revised_at__isnull=False) & Q(revision__gt=0) & ~Q(revised_by="")),
                    ),
                    models.CheckConstraint(name="study_has_completion_code", condition=~Q(completion_code="")),
                    models.CheckConstraint(
                        name="study_codes_differ",
                        violation_error_message="Each outcome needs a code of its own: "
                        "Prolific tells outcomes by their codes.",
                        condition=~Q(completion_code=F("no_consent_code"))
                        & ~Q(completion_code=F("failed_check_code"))
                        & (Q(no_consent_code="") | ~Q(no_consent_code=F("failed_check_code"))),
                    ),
                    models.CheckConstraint(
                        name="study_paid_screen_out_has_code",
                        violation_error_message="Being screened out with pay needs the failed check's code.",
                        condition=Q(failed_check_is_paid=False) | ~Q(failed_check_code=""),
                    ),
                    models.CheckConstraint(name="study_audience_known", condition=Q(audience__in=["crowd", "experts"])),
                    models.CheckConstraint(
                        name="study_task_order_known", condition=Q(task_order__in=["fixed", "balanced"])
                    ),
                    models.CheckConstraint(
                        name="study_restart_rule_known",
                        condition=Q(restart_rule__in=["same_cell", "new_cell", "refused"]),
                    ),
                    models.CheckConstraint(
                        name="study_quota_positive", condition=Q(quota__isnull=True) | Q(quota__gte=1)
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StudyConfiguration",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="configurations", on_delete=models.PROTECT, to="annotations.study"),
                ),
                ("version", models.PositiveIntegerField()),
                ("data", models.JSONField()),
                ("digest", models.CharField(max_length=64, help_text="SHA-256 of the data as canonical JSON")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["study", "version"],
                "constraints": [
                    models.UniqueConstraint(name="configuration_version_once", fields=("study", "version"))
                ],
            },
        ),
        migrations.CreateModel(
            name="Condition",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.ForeignKey(related_name="conditions", on_delete=models.CASCADE, to="annotations.study"),
                ),
                ("position", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=60)),
                ("show_suggestions", models.BooleanField(verbose_name="suggested words are shown", default=True)),
                ("suggest_rewordings", models.BooleanField(verbose_name="other wordings are suggested", default=False)),
                ("show_goal", models.BooleanField(verbose_name="the goal is shown", default=True)),
            ],
            options={
                "ordering": ["study", "position"],
                "constraints": [
                    models.UniqueConstraint(name="condition_position_once", fields=("study", "position")),
                    models.UniqueConstraint(name="condition_name_once", fields=("study", "name")),
                    models.CheckConstraint(name="condition_has_name", condition=~Q(name="")),
                ],
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("id", BIG_ID),
                ("study", models.ForeignKey(related_name="tasks", on_delete=models.CASCADE, to="annotations.study")),
                ("position", models.PositiveIntegerField(default=1)),
                (
                    "base_model",
                    models.ForeignKey(related_name="tasks", on_delete=models.PROTECT, to="annotations.basemodel"),
                ),
                (
                    "target_class",
                    models.PositiveIntegerField(
                        blank=True,
                        null=True,
                        help_text="number of the class, from 0; empty: the class with the highest error rate, "
                        "fixed at opening",
                    ),
                ),
                ("text_template", models.CharField(max_length=120, default="an image of a {phrase}")),
                (
                    "suggested_words",
                    models.TextField(
                        blank=True,
                        help_text="shown to every participant as a start, one suggestion a line; empty: none are shown",
                    ),
                ),
                ("min_phrases", models.PositiveIntegerField(verbose_name="least phrases", default=1)),
                ("max_phrases", models.PositiveIntegerField(verbose_name="most phrases", default=20)),
                (
                    "time_limit_s",
                    models.PositiveIntegerField(
                        verbose_name="time limit, seconds",
                        blank=True,
                        null=True,
                        default=600,
                        help_text="empty: no clock, for experts alone",
                    ),
                ),
            ],
            options={
                "ordering": ["study", "position"],
                "constraints": [
                    models.UniqueConstraint(name="task_position_once", fields=("study", "position")),
                    models.CheckConstraint(
                        name="task_phrase_limits",
                        condition=Q(max_phrases__range=(1, 200), min_phrases__lte=F("max_phrases")),
                    ),
                    models.CheckConstraint(
                        name="task_time_limit",
                        condition=Q(time_limit_s__isnull=True) | Q(time_limit_s__range=(30, 7200)),
                    ),
                    models.CheckConstraint(
                        name="task_template_has_phrase", condition=Q(text_template__contains="{phrase}")
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StudyOnProlific",
            fields=[
                ("id", BIG_ID),
                (
                    "study",
                    models.OneToOneField(related_name="on_prolific", on_delete=models.CASCADE, to="annotations.study"),
                ),
                ("outside_id", models.CharField(max_length=64, help_text="Prolific's study id that this was said of")),
                ("status", models.CharField(max_length=40, help_text="Prolific's word")),
                ("told_at", models.DateTimeField(help_text="when it was so, by Prolific's clock")),
                ("noted_at", models.DateTimeField(help_text="when it was heard here last, by our clock")),
            ],
            options={"verbose_name_plural": "studies on Prolific"},
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", BIG_ID),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("phase", models.CharField(max_length=80, blank=True, help_text="what is being done, in plain words")),
                ("n_done", models.PositiveIntegerField(default=0)),
                ("n_total", models.PositiveIntegerField(null=True)),
                ("error", models.TextField(blank=True)),
                ("requested_by", models.CharField(max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "study",
                    models.ForeignKey(related_name="rehearsals", on_delete=models.PROTECT, to="annotations.study"),
                ),
                ("configuration_digest", models.CharField(max_length=64)),
                ("n_people", models.PositiveIntegerField()),
                ("seed", models.BigIntegerField()),
                (
                    "report",
                    models.JSONField(default=dict, help_text="by person: persona, outcome, seconds, what went wrong"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="rehearsal_state_known", condition=Q(state__in=["pending", "running", "done", "failed"])
                    ),
                    models.CheckConstraint(
                        name="rehearsal_finished_has_time",
                        condition=Q(finished_at__isnull=False, state__in=["done", "failed"])
                        | Q(finished_at__isnull=True, state__in=("pending", "running")),
                    ),
                    models.CheckConstraint(
                        name="rehearsal_failed_says_why", condition=~Q(state="failed") | ~Q(error="")
                    ),
                ],
            },
        ),
    ]
