from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0026_deposits_of_releases")]

    operations = [
        migrations.AlterField(
            model_name="score",
            name="p_value",
            field=models.FloatField(
                help_text="probability that a phrase unrelated to the errors scores as high, one-sided", null=True
            ),
        ),
        migrations.AlterField(
            model_name="score",
            name="null_level",
            field=models.FloatField(
                help_text="score that the best of so many phrases unrelated to the errors stays at or below in 95%",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="study",
            name="bonus_cents",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="for a phrase above the goal and better than guessing, on held-out validation images",
                null=True,
                verbose_name="bonus, in hundredths",
            ),
        ),
    ]
