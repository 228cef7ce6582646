"""Phrases, their scores and runs, the replies to them, and corrections."""

import uuid

from django.db import migrations, models
from django.db.models import F, Q

BIG_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("annotations", "0003_visits")]
    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", BIG_ID),
                ("public_id", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
                (
                    "assignment",
                    models.ForeignKey(related_name="runs", on_delete=models.PROTECT, to="annotations.assignment"),
                ),
                (
                    "base_model",
                    models.ForeignKey(related_name="runs", on_delete=models.PROTECT, to="annotations.basemodel"),
                ),
                (
                    "annotation_digest",
                    models.CharField(
                        max_length=64, help_text="SHA-256 of class, text embedding, threshold, scheme and sign"
                    ),
                ),
                ("target_class", models.PositiveIntegerField()),
                ("phrase_text", models.CharField(max_length=120)),
                (
                    "threshold",
                    models.FloatField(null=True, help_text="similarity threshold; null where the error score is 0"),
                ),
                (
                    "is_chosen",
                    models.BooleanField(
                        verbose_name="chosen threshold",
                        default=False,
                        help_text="a person chose the threshold; primary analyses use the automatic one",
                    ),
                ),
                (
                    "sign",
                    models.SmallIntegerField(
                        default=1, db_default=1, help_text="of the similarity: -1 for a negation, otherwise 1"
                    ),
                ),
                ("scheme", models.CharField(max_length=12, default="class_equal")),
                ("l2", models.FloatField(verbose_name="λ")),
                ("min_slice_size", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="why it was refused or failed")),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "n_above",
                    models.PositiveIntegerField(null=True, help_text="train images of the class above the threshold"),
                ),
                (
                    "n_below",
                    models.PositiveIntegerField(null=True, help_text="train images of the class at or below it"),
                ),
                ("worst_group_accuracy", models.FloatField(null=True, help_text="on test, 0 to 1")),
                (
                    "average_accuracy",
                    models.FloatField(null=True, help_text="on test, groups weighted by their train counts"),
                ),
                ("plain_average_accuracy", models.FloatField(null=True, help_text="on test, images weighted equally")),
                (
                    "robustness_gap",
                    models.FloatField(null=True, help_text="average accuracy less worst-group accuracy"),
                ),
                (
                    "group_accuracies",
                    models.JSONField(null=True, help_text="test accuracy by group, null for an empty group"),
                ),
                (
                    "test_predictions",
                    models.BinaryField(null=True, help_text="int32 per test image, in the manifest's row order"),
                ),
                (
                    "head",
                    models.BinaryField(null=True, help_text="safetensors: weight, bias, feature mean and deviation"),
                ),
                ("loss", models.FloatField(null=True)),
                ("certified_gap", models.FloatField(null=True, help_text="bound on the loss above the optimum")),
                ("code_version", models.CharField(max_length=40, blank=True)),
                (
                    "versions",
                    models.JSONField(default=dict, help_text="library versions of the worker that trained it"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["assignment", "id"],
                "indexes": [models.Index(name="run_due", fields=["created_at"], condition=Q(state="pending"))],
                "constraints": [
                    models.UniqueConstraint(name="run_once", fields=("assignment", "annotation_digest")),
                    models.CheckConstraint(
                        name="run_state_known", condition=Q(state__in=["pending", "done", "refused", "failed"])
                    ),
                    models.CheckConstraint(name="run_sign_known", condition=Q(sign__in=[1, -1])),
                    models.CheckConstraint(
                        name="run_done_has_threshold", condition=~Q(state="done") | Q(threshold__isnull=False)
                    ),
                    models.CheckConstraint(
                        name="run_chosen_has_threshold", condition=Q(is_chosen=False) | Q(threshold__isnull=False)
                    ),
                    models.CheckConstraint(
                        name="run_done_is_complete",
                        condition=~Q(state="done")
                        | Q(
                            average_accuracy__isnull=False,
                            average_accuracy__range=(0, 1),
                            finished_at__isnull=False,
                            head__isnull=False,
                            test_predictions__isnull=False,
                            worst_group_accuracy__isnull=False,
                            worst_group_accuracy__range=(0, 1),
                        ),
                    ),
                    models.CheckConstraint(
                        name="run_refused_says_why", condition=~Q(state__in=["refused", "failed"]) | ~Q(reason="")
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Phrase",
            fields=[
                ("id", BIG_ID),
                (
                    "assignment",
                    models.ForeignKey(related_name="phrases", on_delete=models.PROTECT, to="annotations.assignment"),
                ),
                ("client_uuid", models.UUIDField()),
                ("ordinal", models.PositiveIntegerField(help_text="1 for the first phrase of the assignment")),
                ("text", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        max_length=8,
                        default="pending",
                        choices=[("pending", "Pending"), ("scored", "Scored"), ("failed", "Failed")],
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0, help_text="times a worker took it up")),
                ("last_error", models.TextField(blank=True)),
                ("submitted_at", models.DateTimeField()),
                (
                    "moderation",
                    models.CharField(
                        max_length=8,
                        blank=True,
                        default="",
                        db_default="",
                        choices=[
                            ("", "Unreviewed"),
                            ("approved", "Approved"),
                            ("flagged", "Flagged"),
                            ("hidden", "Hidden"),
                            ("excluded", "Excluded"),
                        ],
                    ),
                ),
                ("moderation_reason", models.TextField(blank=True, default="", db_default="")),
            ],
            options={
                "ordering": ["assignment", "ordinal"],
                "indexes": [models.Index(name="phrase_due", fields=["submitted_at"], condition=Q(state="pending"))],
                "constraints": [
                    models.UniqueConstraint(name="phrase_once", fields=("assignment", "client_uuid")),
                    models.UniqueConstraint(name="phrase_ordinal_once", fields=("assignment", "ordinal")),
                    models.CheckConstraint(name="phrase_not_empty", condition=~Q(text="")),
                    models.CheckConstraint(
                        name="phrase_moderation_known",
                        condition=Q(moderation__in=["", "approved", "flagged", "hidden", "excluded"]),
                    ),
                    models.CheckConstraint(
                        name="phrase_moderation_says_why",
                        condition=Q(moderation__in=["", "approved"]) | ~Q(moderation_reason=""),
                    ),
                    models.CheckConstraint(
                        name="phrase_state_known", condition=Q(state__in=["pending", "scored", "failed"])
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", BIG_ID),
                (
                    "phrase",
                    models.OneToOneField(related_name="score", on_delete=models.PROTECT, to="annotations.phrase"),
                ),
                ("value", models.FloatField(help_text="error score, 0 to 1")),
                (
                    "threshold",
                    models.FloatField(
                        null=True, help_text="similarity threshold, exact float32; null where the value is 0"
                    ),
                ),
                ("two_sided", models.FloatField(help_text="error score without regard to direction, 0 to 1")),
                ("two_sided_threshold", models.FloatField(null=True, help_text="threshold of the two-sided score")),
                ("n_correct", models.PositiveIntegerField()),
                ("n_error", models.PositiveIntegerField()),
                (
                    "p_value",
                    models.FloatField(
                        null=True, help_text="probability that a random phrase scores as high, one-sided"
                    ),
                ),
                (
                    "p_method",
                    models.CharField(
                        max_length=10,
                        blank=True,
                        default="",
                        db_default="",
                        choices=[("exact", "Exact"), ("asymptotic", "Asymptotic")],
                    ),
                ),
                (
                    "tries",
                    models.PositiveIntegerField(
                        null=True, help_text="distinct phrases of the person in the class so far, this one included"
                    ),
                ),
                (
                    "null_level",
                    models.FloatField(
                        null=True,
                        help_text="score that the best of so many random phrases does not pass in 19 of 20 cases",
                    ),
                ),
                ("sign", models.SmallIntegerField(default=1, db_default=1, help_text="-1 for a negation, otherwise 1")),
                (
                    "subject",
                    models.CharField(
                        max_length=120,
                        blank=True,
                        default="",
                        db_default="",
                        help_text="what was embedded, before the template: the phrase without its negation",
                    ),
                ),
                (
                    "similarities",
                    models.BinaryField(
                        help_text="float32 per validation image of the class, in the manifest's row order"
                    ),
                ),
                ("rendered_text", models.TextField(help_text="what was embedded: the phrase in the text template")),
                ("text_template", models.CharField(max_length=120)),
                ("text_embedding", models.BinaryField(help_text="float32 unit vector")),
                ("text_digest", models.CharField(max_length=64, help_text="SHA-256 of the text embedding's bytes")),
                (
                    "class_name_cosine",
                    models.FloatField(help_text="cosine of the phrase's and the class name's text embeddings"),
                ),
                ("encoder", models.CharField(max_length=255)),
                ("dataset_digest", models.CharField(max_length=64)),
                ("code_version", models.CharField(max_length=40)),
                (
                    "encode_ms",
                    models.FloatField(help_text="milliseconds the encoder took for the batch this phrase was in"),
                ),
                (
                    "rewordings",
                    models.JSONField(
                        default=list,
                        help_text="phrases of the vocabulary nearest in meaning, where the study suggests them",
                    ),
                ),
                ("scored_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        blank=True, null=True, related_name="scores", on_delete=models.SET_NULL, to="annotations.run"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(name="score_by_text", fields=["dataset_digest", "rendered_text"])],
                "constraints": [
                    models.CheckConstraint(name="score_value_range", condition=Q(value__range=(0, 1))),
                    models.CheckConstraint(
                        name="score_two_sided_range", condition=Q(two_sided__gte=F("value"), two_sided__range=(0, 1))
                    ),
                    models.CheckConstraint(
                        name="score_threshold_unless_zero",
                        condition=Q(threshold__isnull=True, value=0) | Q(threshold__isnull=False, value__gt=0),
                    ),
                    models.CheckConstraint(
                        name="score_two_sided_threshold",
                        condition=Q(two_sided_threshold__isnull=True) | Q(two_sided__gt=0),
                    ),
                    models.CheckConstraint(name="score_has_both_sides", condition=Q(n_correct__gte=1, n_error__gte=1)),
                    models.CheckConstraint(
                        name="score_chance_complete",
                        condition=Q(null_level__isnull=True, p_method="", p_value__isnull=True, tries__isnull=True)
                        | Q(
                            null_level__isnull=False,
                            null_level__range=(0, 1),
                            p_method__in=["exact", "asymptotic"],
                            p_value__isnull=False,
                            p_value__range=(0, 1),
                            tries__gte=1,
                            tries__isnull=False,
                        ),
                    ),
                    models.CheckConstraint(
                        name="score_sign_has_subject", condition=Q(sign=1) | (Q(sign=-1) & ~Q(subject=""))
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ThresholdChoice",
            fields=[
                ("id", BIG_ID),
                (
                    "phrase",
                    models.OneToOneField(
                        related_name="threshold_choice", on_delete=models.PROTECT, to="annotations.phrase"
                    ),
                ),
                (
                    "threshold",
                    models.FloatField(null=True, help_text="exact float32; null: put back to the automatic one"),
                ),
                ("chosen_at", models.DateTimeField(help_text="when the person chose, by the server's clock")),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        related_name="threshold_choices",
                        on_delete=models.SET_NULL,
                        to="annotations.run",
                    ),
                ),
            ],
            options={
                "ordering": ["phrase"],
                "constraints": [
                    models.CheckConstraint(
                        name="threshold_choice_is_a_similarity",
                        condition=Q(threshold__isnull=True) | Q(threshold__range=(-2, 2)),
                    ),
                    models.CheckConstraint(
                        name="threshold_choice_run_needs_threshold",
                        condition=Q(threshold__isnull=False) | Q(run__isnull=True),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                ("id", BIG_ID),
                (
                    "phrase",
                    models.OneToOneField(related_name="judgement", on_delete=models.PROTECT, to="annotations.phrase"),
                ),
                (
                    "answer",
                    models.CharField(max_length=6, choices=[("yes", "Yes"), ("no", "No"), ("unsure", "Unsure")]),
                ),
                ("answered_at", models.DateTimeField(help_text="when the person answered, by the server's clock")),
            ],
            options={
                "ordering": ["phrase"],
                "constraints": [
                    models.CheckConstraint(
                        name="judgement_answer_known", condition=Q(answer__in=["yes", "no", "unsure"])
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", BIG_ID),
                (
                    "phrase",
                    models.ForeignKey(related_name="replies", on_delete=models.PROTECT, to="annotations.phrase"),
                ),
                (
                    "kind",
                    models.CharField(max_length=9, choices=[("threshold", "Threshold"), ("judgement", "Judgement")]),
                ),
                ("client_uuid", models.UUIDField(help_text="made where the person acted, and sent along each time")),
                (
                    "said",
                    models.CharField(
                        max_length=32, help_text="the answer, or the exact threshold; best: the automatic one"
                    ),
                ),
                ("made_at", models.DateTimeField(help_text="when the person acted, by the server's clock")),
                ("received_at", models.DateTimeField()),
                ("took_effect", models.BooleanField(help_text="it came before every newer one")),
            ],
            options={
                "verbose_name_plural": "replies",
                "ordering": ["phrase", "id"],
                "constraints": [
                    models.UniqueConstraint(name="reply_once", fields=("phrase", "kind", "client_uuid")),
                    models.CheckConstraint(name="reply_kind_known", condition=Q(kind__in=["threshold", "judgement"])),
                    models.CheckConstraint(name="reply_says_something", condition=~Q(said="")),
                    models.CheckConstraint(
                        name="reply_made_before_received", condition=Q(made_at__lte=F("received_at"))
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Correction",
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
                ("public_id", models.UUIDField(unique=True, default=uuid.uuid4, editable=False)),
                (
                    "study",
                    models.ForeignKey(related_name="corrections", on_delete=models.PROTECT, to="annotations.study"),
                ),
                (
                    "base_model",
                    models.ForeignKey(related_name="corrections", on_delete=models.PROTECT, to="annotations.basemodel"),
                ),
                (
                    "second_base_model",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        help_text="of a second test set: a data set with the same classes and features",
                        related_name="+",
                        on_delete=models.PROTECT,
                        to="annotations.basemodel",
                    ),
                ),
                ("scheme", models.CharField(max_length=12, default="class_equal")),
                ("effects", models.JSONField(default=dict)),
                ("ablations", models.JSONField(default=list)),
                ("head", models.BinaryField(null=True, help_text="safetensors")),
                ("loss", models.FloatField(null=True)),
                ("certified_gap", models.FloatField(null=True)),
                ("code_version", models.CharField(max_length=40, blank=True)),
                ("versions", models.JSONField(default=dict)),
                (
                    "review",
                    models.CharField(
                        max_length=8,
                        default="proposed",
                        choices=[("proposed", "Proposed"), ("approved", "Approved"), ("rejected", "Rejected")],
                    ),
                ),
                ("review_reason", models.TextField(blank=True)),
                ("reviewed_by", models.CharField(max_length=150, blank=True)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="correction_state_known", condition=Q(state__in=["pending", "running", "done", "failed"])
                    ),
                    models.CheckConstraint(
                        name="correction_finished_has_time",
                        condition=Q(finished_at__isnull=False, state__in=["done", "failed"])
                        | Q(finished_at__isnull=True, state__in=("pending", "running")),
                    ),
                    models.CheckConstraint(
                        name="correction_failed_says_why", condition=~Q(state="failed") | ~Q(error="")
                    ),
                    models.CheckConstraint(name="correction_head", condition=~Q(state="done") | Q(head__isnull=False)),
                    models.CheckConstraint(
                        name="correction_review_known", condition=Q(review__in=["proposed", "approved", "rejected"])
                    ),
                    models.CheckConstraint(
                        name="correction_reviewed_by_somebody",
                        condition=Q(review="proposed") | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="")),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectionPart",
            fields=[
                ("id", BIG_ID),
                (
                    "correction",
                    models.ForeignKey(related_name="parts", on_delete=models.CASCADE, to="annotations.correction"),
                ),
                (
                    "score",
                    models.ForeignKey(
                        related_name="correction_parts", on_delete=models.PROTECT, to="annotations.score"
                    ),
                ),
                ("target_class", models.PositiveIntegerField()),
                ("threshold", models.FloatField()),
                (
                    "by_hand",
                    models.BooleanField(
                        default=False, help_text="chosen by a person instead of by the highest error score"
                    ),
                ),
            ],
            options={
                "ordering": ["correction", "target_class"],
                "constraints": [
                    models.UniqueConstraint(
                        name="correction_one_annotation_a_class", fields=("correction", "target_class")
                    )
                ],
            },
        ),
    ]
