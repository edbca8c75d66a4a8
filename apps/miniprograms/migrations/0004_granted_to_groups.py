from django.db import migrations, models

# until now every member of staff saw every mini-program and could do all of this in the gallery
KEPT_GROUP = "Gallery: every mini-program"
KEPT_RIGHTS = [
    ("miniprograms", "miniprogram", "see_every_miniprogram", "Can see every mini-program"),
    ("codes", "issuedcode", "add_issuedcode", "Can add issued code"),
    ("codes", "issuedcode", "change_issuedcode", "Can change issued code"),
    ("batches", "codebatch", "add_codebatch", "Can add batch"),
    ("batches", "codebatch", "change_codebatch", "Can change batch"),
]


def keep_what_staff_can(apps, schema_editor):
    """Those who are staff already lose nothing: they come into a group from which they can be taken."""
    using = schema_editor.connection.alias
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    Group = apps.get_model("auth", "Group")
    User = apps.get_model("auth", "User")
    staff = list(User.objects.using(using).filter(is_staff=True, is_superuser=False))
    if not staff:
        return
    group, _created = Group.objects.using(using).get_or_create(name=KEPT_GROUP)
    for app_label, model, codename, name in KEPT_RIGHTS:
        # Django makes both only after the last migration, and takes those that are there
        kind, _created = ContentType.objects.using(using).get_or_create(app_label=app_label, model=model)
        permission, _created = Permission.objects.using(using).get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)
    group.user_set.add(*staff)


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('miniprograms', '0003_looks_of_codes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='miniprogram',
            options={'ordering': ['name', 'id'], 'permissions': [('see_every_miniprogram', 'Can see every mini-program')], 'verbose_name': 'mini-program', 'verbose_name_plural': 'mini-programs'},
        ),
        migrations.AddField(
            model_name='miniprogram',
            name='groups',
            field=models.ManyToManyField(blank=True, help_text='Staff in these groups find it, its codes and its batches in the gallery and the admin. Superusers and holders of the permission “Can see every mini-program” see it anyway.', related_name='miniprograms', to='auth.group', verbose_name='groups that see it'),
        ),
        migrations.RunPython(keep_what_staff_can, migrations.RunPython.noop, elidable=True),
    ]
