"""When an access token was used last. A column that may be null is added without rewriting a row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotations", "0057_invitations")]

    operations = [
        migrations.AddField(
            "accesstoken", "last_used_at", models.DateTimeField(help_text="to the minute; null: never", null=True)
        ),
    ]
