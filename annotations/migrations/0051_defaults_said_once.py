"""A default stands in the models alone.

That of a column was for the release before the one that added it, whose statements did not name it. Upgrades go from a
release to the next, and each since 0.15 names all of these columns.
"""

import django.core.validators
from django.db import migrations, models

import annotations.models.end_questions
import annotations.models.primary_measures
import annotations.models.study


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0050_every_run_has_its_control"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="acknowledged_by",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="is_late",
            field=models.BooleanField(default=False, help_text="completed after its place was given to somebody else"),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="kind",
            field=models.CharField(
                choices=[
                    ("participant", "Participant"),
                    ("expert", "Expert"),
                    ("preview", "Preview"),
                    ("simulated", "Simulated"),
                ],
                default="participant",
                max_length=11,
            ),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="n_refused",
            field=models.PositiveIntegerField(default=0, help_text="requests for which a budget was used up"),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="n_replies",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="n_screens",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="n_spans",
            field=models.PositiveIntegerField(default=0, help_text="of its budget, as the next ones"),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="n_starts",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="order",
            field=models.PositiveSmallIntegerField(default=0, help_text="which of the study's orders of tasks, from 0"),
        ),
        migrations.AlterField(
            model_name="annotationsession",
            name="verification",
            field=models.CharField(
                choices=[
                    ("signed", "signed link"),
                    ("confirmed", "confirmed by Prolific's API"),
                    ("unverified", "Unverified"),
                    ("local", "not from Prolific"),
                ],
                default="unverified",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="assignment",
            name="note",
            field=models.TextField(blank=True, help_text="an expert's; of a class that was skipped, why"),
        ),
        migrations.AlterField(
            model_name="benchmark",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="benchmark",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="condition",
            name="keyword_display",
            field=models.CharField(
                choices=[
                    ("none", "not shown"),
                    ("before", "shown from the start"),
                    ("on_demand", "shown to whoever asks for them"),
                ],
                default="none",
                help_text="the top 10 that manage.py rank_keywords found; what each person saw is recorded",
                max_length=9,
                verbose_name="a machine's keywords",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="language",
            field=models.CharField(default="en", help_text="of the text", max_length=10),
        ),
        migrations.AlterField(
            model_name="correction",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="correction",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="dataset",
            name="problem",
            field=models.TextField(
                blank=True, help_text="why workers cannot score phrases on it; empty while they can"
            ),
        ),
        migrations.AlterField(
            model_name="datasetimport",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="datasetimport",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="endanswer",
            name="language",
            field=models.CharField(default="en", help_text="of the question as it was shown", max_length=10),
        ),
        migrations.AlterField(
            model_name="gatheredtraining",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="gatheredtraining",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="gathering",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="imageindex",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="imageindex",
            name="likeness",
            field=models.JSONField(
                default=dict, help_text="limit that follows from the images, n_looked_at, n_above: [limit, images]"
            ),
        ),
        migrations.AlterField(
            model_name="imageindex",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="imagesearch",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="imagesearch",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="withheld_reason",
            field=models.TextField(blank=True, help_text="why a coordinator decided not to pay it; empty: it is owed"),
        ),
        migrations.AlterField(
            model_name="phrase",
            name="keywords_seen",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="a machine's keywords that had stood on the page before it was submitted"
            ),
        ),
        migrations.AlterField(
            model_name="phrase",
            name="moderation",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Unreviewed"),
                    ("approved", "Approved"),
                    ("flagged", "Flagged"),
                    ("hidden", "Hidden"),
                    ("excluded", "Excluded"),
                ],
                default="",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="phrase",
            name="moderation_reason",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="pool",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="pool",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="pool",
            name="removals",
            field=models.JSONField(default=list, help_text="images taken out, each time: why, by whom, when, rows"),
        ),
        migrations.AlterField(
            model_name="rehearsal",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="rehearsal",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="release",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="release",
            name="authors",
            field=models.TextField(
                blank=True, help_text="whom to cite, one a line: “family name, given names”, or the name of a group"
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="doi",
            field=models.CharField(
                blank=True,
                help_text="where an archive has reserved one for it, without https://doi.org/",
                max_length=120,
                validators=[
                    django.core.validators.RegexValidator(
                        "^10\\.\\d{4,9}/\\S+$", "A DOI begins with 10., as in 10.5281/zenodo.1234."
                    )
                ],
                verbose_name="DOI",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="licence",
            field=models.CharField(
                blank=True,
                choices=[
                    ("CC0-1.0", "CC0 1.0: no rights reserved"),
                    ("CC-BY-4.0", "CC BY 4.0: with attribution"),
                    ("CC-BY-SA-4.0", "CC BY-SA 4.0: with attribution, under the same licence"),
                    ("CC-BY-NC-4.0", "CC BY-NC 4.0: with attribution, not commercially"),
                    ("ODbL-1.0", "ODbL 1.0: databases, under the same licence"),
                ],
                help_text="how others may use the release",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="run",
            name="sign",
            field=models.SmallIntegerField(default=1, help_text="of the similarity: -1 for a negation, otherwise 1"),
        ),
        migrations.AlterField(
            model_name="score",
            name="goal_shown",
            field=models.BooleanField(default=False, help_text="the page marked what is enough"),
        ),
        migrations.AlterField(
            model_name="score",
            name="language",
            field=models.CharField(default="en", help_text="that it was read in", max_length=10),
        ),
        migrations.AlterField(
            model_name="score",
            name="level_shown",
            field=models.CharField(blank=True, help_text="step of the worded scale on the page", max_length=24),
        ),
        migrations.AlterField(
            model_name="score",
            name="p_method",
            field=models.CharField(
                blank=True, choices=[("exact", "Exact"), ("asymptotic", "Asymptotic")], max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="sign",
            field=models.SmallIntegerField(default=1, help_text="-1 for a negation, otherwise 1"),
        ),
        migrations.AlterField(
            model_name="score",
            name="subject",
            field=models.CharField(
                blank=True,
                help_text="what was embedded, before the template: the phrase without its negation",
                max_length=120,
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="alarm_dropout",
            field=models.FloatField(
                default=0.4,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
                verbose_name="alarm when this share drops out",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="alarm_email",
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AlterField(
            model_name="study",
            name="alarm_failed_check",
            field=models.FloatField(
                default=0.3,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
                verbose_name="alarm when this share fails the check",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="audience",
            field=models.CharField(
                choices=[("crowd", "people who come by the link"), ("experts", "people who are logged in here")],
                default="crowd",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="comprehension_check",
            field=models.BooleanField(default=True),
        ),
        migrations.AlterField(
            model_name="study",
            name="currency",
            field=models.CharField(default="GBP", max_length=3),
        ),
        migrations.AlterField(
            model_name="study",
            name="end_questions",
            field=models.TextField(blank=True, validators=[annotations.models.end_questions.validate_end_questions]),
        ),
        migrations.AlterField(
            model_name="study",
            name="failed_check_code",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="failed_check_is_paid",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="study",
            name="goal",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="introduction",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="study",
            name="keyword_display",
            field=models.CharField(
                choices=[
                    ("none", "not shown"),
                    ("before", "shown from the start"),
                    ("on_demand", "shown to whoever asks for them"),
                ],
                default="none",
                max_length=9,
                verbose_name="a machine's keywords",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="language",
            field=models.CharField(
                choices=[("en", "English"), ("de", "Deutsch")],
                default="en",
                help_text="of the title, introduction, consent and questions that you write",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="lease_minutes",
            field=models.PositiveIntegerField(
                default=90,
                validators=[
                    django.core.validators.MinValueValidator(5),
                    django.core.validators.MaxValueValidator(1440),
                ],
                verbose_name="place is held for, minutes",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="min_hourly_cents",
            field=models.PositiveIntegerField(default=900, verbose_name="least pay an hour, in hundredths"),
        ),
        migrations.AlterField(
            model_name="study",
            name="new_concept_chance",
            field=models.FloatField(
                default=0.1,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
                verbose_name="enough people, when a new idea is rarer than",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="only_verified",
            field=models.BooleanField(default=False, verbose_name="only verified entries"),
        ),
        migrations.AlterField(
            model_name="study",
            name="phrase_language",
            field=models.CharField(
                choices=annotations.models.study.phrase_language_choices,
                default="en",
                max_length=10,
                verbose_name="language of the phrases",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="primary_measures",
            field=models.JSONField(
                blank=True,
                default=annotations.models.primary_measures.default_primary_measures,
                validators=[annotations.models.primary_measures.validate_primary_measures],
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="researcher_code",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="study",
            name="researchers",
            field=models.CharField(blank=True, max_length=200, verbose_name="run by"),
        ),
        migrations.AlterField(
            model_name="study",
            name="restart_rule",
            field=models.CharField(
                choices=[
                    ("same_cell", "a new visit under the same condition"),
                    ("new_cell", "a new visit, allocated anew"),
                    ("refused", "not let in again"),
                ],
                default="same_cell",
                max_length=10,
                verbose_name="after a return",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="revised_by",
            field=models.CharField(blank=True, editable=False, help_text="user name of the last save", max_length=150),
        ),
        migrations.AlterField(
            model_name="study",
            name="revision",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="how often the draft was saved since it was made"
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="scheme",
            field=models.CharField(
                choices=[
                    ("class_equal", "all classes count alike, and in a class the images with and without the phrase"),
                    (
                        "paper",
                        "as in the paper: in the class images with and without the phrase count alike, all others as "
                        "usual",
                    ),
                    ("mean_slices", "images with the phrase, images without it and each other class count alike"),
                    (
                        "class_mass",
                        "each class counts by its size, and in it the images with and without the phrase alike",
                    ),
                ],
                default="class_equal",
                max_length=12,
                verbose_name="how images count in retraining",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="task_order",
            field=models.CharField(
                choices=[
                    ("fixed", "as numbered"),
                    ("balanced", "balanced: each task comes equally often at each place"),
                ],
                default="fixed",
                max_length=8,
                verbose_name="order of the tasks",
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="what is left empty is shown in the study's own language, and the page says so",
            ),
        ),
        migrations.AlterField(
            model_name="studyanalysis",
            name="attempts_before",
            field=models.PositiveIntegerField(default=0, help_text="of them, before the last retry"),
        ),
        migrations.AlterField(
            model_name="studyanalysis",
            name="phase_began_with",
            field=models.PositiveIntegerField(default=0, help_text="of `n_done`, done before"),
        ),
        migrations.AlterField(
            model_name="submission",
            name="entered_code",
            field=models.CharField(blank=True, help_text="completion code that Prolific got", max_length=64),
        ),
        migrations.AlterField(
            model_name="submission",
            name="is_of_another",
            field=models.BooleanField(
                default=False, help_text="Prolific names another person than the one who came with it"
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="status",
            field=models.CharField(blank=True, help_text="Prolific's word; empty: not known", max_length=40),
        ),
        migrations.AlterField(
            model_name="task",
            name="keywords",
            field=models.TextField(
                blank=True,
                help_text="shown where the study or a condition says so, one a line; empty: the top 10 of the newest "
                "list that is ranked on the class, fixed at opening",
                verbose_name="a machine's keywords",
            ),
        ),
        migrations.AlterField(
            model_name="vocabularylevel",
            name="half",
            field=models.CharField(blank=True, help_text="seed of the scoring half; empty: all", max_length=80),
        ),
        migrations.AlterField(
            model_name="vocabularylevel",
            name="language",
            field=models.CharField(default="en", help_text="of the words", max_length=10),
        ),
        migrations.AlterField(
            model_name="workerheartbeat",
            name="code_version",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name="workerheartbeat",
            name="device",
            field=models.CharField(blank=True, help_text="that trains and encodes", max_length=80),
        ),
    ]
