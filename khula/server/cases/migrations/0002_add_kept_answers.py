"""A correction may leave answers as they were in the version it corrects; which ones, stands beside them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_first")]

    operations = [
        migrations.AddField(model_name="voice", name="kept", field=models.TextField(default="")),
    ]
