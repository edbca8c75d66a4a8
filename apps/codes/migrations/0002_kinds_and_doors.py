"""Kinds limited and qrcode with their lifetime pool, and the doors of the gateway."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0001_issuedcode'),
        ('miniprograms', '0001_miniprogram'),
    ]

    operations = [
        migrations.AddField(
            model_name='issuedcode',
            name='num_used',
            field=models.PositiveIntegerField(blank=True, help_text="kinds limited and qrcode: how many of the mini-program's 100,000 were used up with this one", null=True, verbose_name='codes used'),
        ),
        migrations.AlterField(
            model_name='failedattempt',
            name='door',
            field=models.CharField(choices=[('api', 'API'), ('gallery', 'gallery'), ('wechat', "WeChat's own paths"), ('extend', 'older service: /api/extend/'), ('qrcode', 'older service: /api/qrcode')], max_length=16, verbose_name='door'),
        ),
        migrations.AlterField(
            model_name='failedattempt',
            name='kind',
            field=models.CharField(choices=[('unlimited', 'unlimited (getwxacodeunlimit)'), ('limited', 'limited (getwxacode)'), ('qrcode', 'square QR code (createwxaqrcode)')], default='unlimited', max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='failedattempt',
            name='scene',
            field=models.CharField(blank=True, max_length=32, verbose_name='scene'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='door',
            field=models.CharField(choices=[('api', 'API'), ('gallery', 'gallery'), ('wechat', "WeChat's own paths"), ('extend', 'older service: /api/extend/'), ('qrcode', 'older service: /api/qrcode')], max_length=16, verbose_name='door'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='kind',
            field=models.CharField(choices=[('unlimited', 'unlimited (getwxacodeunlimit)'), ('limited', 'limited (getwxacode)'), ('qrcode', 'square QR code (createwxaqrcode)')], default='unlimited', max_length=16, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='page',
            field=models.CharField(blank=True, help_text='kinds limited and qrcode: the path with its query', max_length=1024, verbose_name='page'),
        ),
        migrations.AlterField(
            model_name='issuedcode',
            name='scene',
            field=models.CharField(blank=True, max_length=32, verbose_name='scene'),
        ),
        migrations.CreateModel(
            name='LifetimePool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('used', models.PositiveIntegerField(default=0, help_text='counted here, and corrected by what WeChat says (Num-Used)', verbose_name='used')),
                ('uncertain', models.PositiveIntegerField(default=0, help_text='calls since then that WeChat may have counted, without an answer', verbose_name='answers lost')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='last change')),
                ('miniprogram', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='lifetime_pool', to='miniprograms.miniprogram', verbose_name='mini-program')),
            ],
            options={
                'verbose_name': 'lifetime pool',
                'verbose_name_plural': 'lifetime pools',
                'ordering': ['-used'],
            },
        ),
    ]
