from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0026_route"),
    ]

    operations = [
        migrations.AlterField(
            model_name="machineannotator",
            name="backend",
            field=models.CharField(
                choices=[
                    ("file", "Labels of a file"),
                    ("endpoint", "Endpoint"),
                    ("language_model", "Local language model"),
                    ("classifier", "Local reward model"),
                    ("follow_up", "Local language model, by follow-ups"),
                    ("head", "Reward model of this project"),
                    ("jury", "Jury of several judges"),
                ],
                db_default="file",
                default="file",
                max_length=20,
            ),
        ),
    ]
