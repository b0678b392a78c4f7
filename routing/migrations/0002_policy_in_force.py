"""Tell each project which routing policy is in force."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0030_policy_in_force"),
        ("routing", "0001_policies"),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE project SET routing_policy = r.number FROM routing_policy r"
            " WHERE r.project_id = project.id AND r.ended_at IS NULL",
            migrations.RunSQL.noop,
        )
    ]
