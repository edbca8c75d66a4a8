"""A download has a name for every program: the exact one, and one in ASCII."""

import pytest

from apps.codes.attachments import attachment


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("Tables.csv", 'attachment; filename="Tables.csv"'),
        ("桌码 6.csv", "attachment; filename=\"_ 6.csv\"; filename*=utf-8''%E6%A1%8C%E7%A0%81%206.csv"),
        ("桌码.zip", "attachment; filename=\"wxcode.zip\"; filename*=utf-8''%E6%A1%8C%E7%A0%81.zip"),
        ("Café.pdf", "attachment; filename=\"Cafe.pdf\"; filename*=utf-8''Caf%C3%A9.pdf"),
        ('a"b%41.csv', "attachment; filename=\"a_b_41.csv\"; filename*=utf-8''a%22b%2541.csv"),
    ],
)
def test_a_name_is_given_in_ascii_as_well(filename, header):
    assert attachment(filename) == header
