"""What keywords of a list reach on a class, without people: what their phrases stand beside."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("annotations", "0038_number_the_saves_of_a_draft")]
    operations = [
        migrations.CreateModel(
            "KeywordRanking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("target_class", models.PositiveIntegerField(help_text="label")),
                ("list_name", models.CharField(max_length=120)),
                (
                    "list_digest",
                    models.CharField(max_length=64, help_text="SHA-256 of the template and the keywords, one a line"),
                ),
                ("text_template", models.TextField()),
                ("n_correct", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_error", models.PositiveIntegerField(help_text="of the class's validation images")),
                ("n_keywords", models.PositiveIntegerField()),
                ("rows", models.JSONField()),
                (
                    "settings",
                    models.JSONField(help_text="encoder, permutations, seed, versions: to compute it again"),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "base_model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keyword_rankings",
                        to="annotations.basemodel",
                    ),
                ),
            ],
            options={"ordering": ["base_model", "target_class", "list_name", "list_digest"]},
        ),
        migrations.AddConstraint(
            "keywordranking",
            models.UniqueConstraint(
                fields=("base_model", "target_class", "list_digest"), name="keyword_ranking_once_a_list"
            ),
        ),
        migrations.AddConstraint(
            "keywordranking",
            models.CheckConstraint(
                condition=Q(n_keywords__gte=1, n_correct__gte=1, n_error__gte=1), name="keyword_ranking_has_something"
            ),
        ),
    ]
