from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0018_primary_measures"),
    ]

    operations = [
        migrations.AddField(
            model_name="studyanalysis",
            name="figures",
            field=models.BinaryField(null=True),
        ),
    ]
