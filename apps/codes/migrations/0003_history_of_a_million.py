"""A history of a million codes: an index for every filter, search by grams, kept pictures, counted pages."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models

import apps.codes.derived
from apps.codes import search_index
from apps.codes.derived import text_key
from apps.codes.grams import gram_text

CHUNK = 2000
CHANGE = "UPDATE codes_issuedcode SET search_text = %s, search_grams = %s, page_key = %s WHERE id = %s"
COPY_MINIPROGRAM = """
UPDATE codes_issuedcode_tags SET miniprogram_key = (
    SELECT miniprogram_id FROM codes_issuedcode WHERE codes_issuedcode.id = codes_issuedcode_tags.issuedcode_id
)
"""


def fill_derived(apps, schema_editor):
    """What rows written from now on get by themselves."""
    codes = apps.get_model("codes", "IssuedCode").objects.order_by("pk")
    names = ("pk", "miniprogram_id", "scene", "label", "page", "external_id")
    last = 0
    with schema_editor.connection.cursor() as cursor:
        while rows := list(codes.filter(pk__gt=last).values_list(*names)[:CHUNK]):
            changes = []
            for pk, miniprogram_id, *searched in rows:
                scene, label, page, external_id = searched
                text = "\n".join(searched).lower()
                changes.append((text, gram_text(text, miniprogram_id=miniprogram_id), text_key(page), pk))
            cursor.executemany(CHANGE, changes)
            last = rows[-1][0]
        cursor.execute(COPY_MINIPROGRAM)


def count_pages(apps, schema_editor):
    """The pages of codes with check_path off that were issued so far."""
    issued = apps.get_model("codes", "IssuedCode").objects.filter(kind="unlimited", check_path=False)
    used = issued.exclude(page="").order_by().values_list("miniprogram_id", "page").distinct()
    pages = apps.get_model("codes", "UncheckedPage").objects
    pages.bulk_create(
        [pages.model(miniprogram_id=pk, page=page, page_key=text_key(page)) for pk, page in used], batch_size=CHUNK
    )
    counted = pages.order_by().values_list("miniprogram_id").annotate(models.Count("pk"))
    pools = apps.get_model("codes", "LifetimePool").objects
    for miniprogram_id, count in counted:
        pools.update_or_create(miniprogram_id=miniprogram_id, defaults={"unchecked_pages": count})
    if schema_editor.connection.vendor == "postgresql":
        # indexes cannot be made while checks of foreign keys are waiting
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def install_search(apps, schema_editor):
    search_index.install(schema_editor.connection)


def remove_search(apps, schema_editor):
    search_index.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0001_apiclient'),
        ('codes', '0002_kinds_and_doors'),
        ('miniprograms', '0002_default_miniprogram'),
    ]

    operations = [
        # the table of the tags is there already
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.CreateModel(
                name='CodeTag',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('issuedcode', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='code_tags', to='codes.issuedcode')),
                    ('tag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='code_tags', to='codes.tag')),
                ],
                options={
                    'verbose_name': 'tag of a code',
                    'verbose_name_plural': 'tags of codes',
                    'db_table': 'codes_issuedcode_tags',
                    'unique_together': {('issuedcode', 'tag')},
                },
            ),
            migrations.AlterField(
                model_name='issuedcode',
                name='tags',
                field=models.ManyToManyField(blank=True, related_name='codes', through='codes.CodeTag', to='codes.tag', verbose_name='tags'),
            ),
        ]),
        migrations.AddField(
            model_name='codetag',
            name='miniprogram_key',
            field=apps.codes.derived.DerivedBigIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='codetag',
            name='issuedcode',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='code_tags', to='codes.issuedcode'),
        ),
        migrations.AlterField(
            model_name='codetag',
            name='tag',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='code_tags', to='codes.tag'),
        ),
        migrations.CreateModel(
            name='EarlierPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('width', models.PositiveIntegerField(verbose_name='width')),
                ('auto_color', models.BooleanField(verbose_name='auto_color')),
                ('line_color', models.CharField(max_length=7, verbose_name='line_color')),
                ('is_hyaline', models.BooleanField(verbose_name='is_hyaline')),
                ('image', models.CharField(max_length=120, verbose_name='picture')),
                ('image_sha256', models.CharField(max_length=64, verbose_name="picture's sha256")),
                ('image_size', models.PositiveIntegerField(verbose_name="picture's size (bytes)")),
                ('image_width', models.PositiveIntegerField(verbose_name="picture's width (pixels)")),
                ('media_type', models.CharField(max_length=32, verbose_name='media type')),
                ('replaced_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='replaced at')),
                ('replaced_by', models.CharField(max_length=150, verbose_name='replaced by')),
            ],
            options={
                'verbose_name': 'earlier picture',
                'verbose_name_plural': 'earlier pictures',
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='UncheckedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=1024, verbose_name='page')),
                ('page_key', apps.codes.derived.DerivedBigIntegerField(editable=False)),
                ('first_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='first used at')),
            ],
            options={
                'verbose_name': 'unchecked page',
                'verbose_name_plural': 'unchecked pages',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='earlierpicture',
            name='code',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='earlier_pictures', to='codes.issuedcode', verbose_name='code'),
        ),
        migrations.AddField(
            model_name='uncheckedpage',
            name='miniprogram',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='unchecked_pages', to='miniprograms.miniprogram', verbose_name='mini-program'),
        ),
        migrations.AddConstraint(
            model_name='earlierpicture',
            constraint=models.UniqueConstraint(fields=('code', 'version'), name='earlierpicture_version'),
        ),
        migrations.AddConstraint(
            model_name='uncheckedpage',
            constraint=models.UniqueConstraint(fields=('miniprogram', 'page_key'), name='uncheckedpage_once'),
        ),
        migrations.RemoveIndex(
            model_name='issuedcode',
            name='issuedcode_miniprogram',
        ),
        migrations.RemoveIndex(
            model_name='issuedcode',
            name='issuedcode_scene',
        ),
        migrations.AddField(
            model_name='issuedcode',
            name='page_key',
            field=apps.codes.derived.DerivedBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='issuedcode',
            name='reissues',
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name='reissues'),
        ),
        migrations.AddField(
            model_name='issuedcode',
            name='search_grams',
            field=apps.codes.derived.DerivedTextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='lifetimepool',
            name='unchecked_pages',
            field=models.PositiveIntegerField(default=0, help_text='different pages of codes with check_path off; WeChat allows 60,000 and asks not to abuse them', verbose_name='unchecked pages'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='miniprogram',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='miniprograms.miniprogram', verbose_name='mini-program'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='search_text',
            field=apps.codes.derived.DerivedTextField(default='', editable=False),
        ),
        migrations.RunPython(fill_derived, migrations.RunPython.noop),
        migrations.RunPython(count_pages, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='failedattempt',
            index=models.Index(fields=['errcode', '-id'], name='failedattempt_errcode'),
        ),
        migrations.AddIndex(
            model_name='failedattempt',
            index=models.Index(fields=['code', '-id'], name='failedattempt_code'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['-id'], name='code_by_id'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['kind', '-id'], name='code_by_kind'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['env_version', '-id'], name='code_by_version'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['page_key', '-id'], name='code_by_page'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['scene', '-id'], name='code_by_scene'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['client', '-id'], name='code_by_client'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['external_id', '-id'], name='code_by_external_id'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['miniprogram', '-id'], name='code_by_app'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['miniprogram', 'kind', '-id'], name='code_by_app_kind'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['miniprogram', 'env_version', '-id'], name='code_by_app_version'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['miniprogram', 'page_key', '-id'], name='code_by_app_page'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at', None)), fields=['miniprogram', 'client', '-id'], name='code_by_app_client'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['-id'], name='archived_code'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(condition=models.Q(('archived_at__isnull', False)), fields=['miniprogram', '-id'], name='archived_code_by_app'),
        ),
        migrations.AddIndex(
            model_name='issuedcode',
            index=models.Index(django.db.models.expressions.CombinedExpression(models.F('id'), '/', models.Value(4096)), models.F('issued_at'), name='code_block_times'),
        ),
        migrations.AddIndex(
            model_name='codetag',
            index=models.Index(fields=['tag', '-issuedcode'], name='codetag_newest'),
        ),
        migrations.AddIndex(
            model_name='codetag',
            index=models.Index(fields=['tag', 'miniprogram_key', '-issuedcode'], name='codetag_app_newest'),
        ),
        migrations.RunPython(install_search, remove_search),
    ]
