"""Every version of a conflicted file is found."""

from sessions.history.conflicts import count_conflicts, has_conflict, versions

TWO_PLACES = """a: 0
<<<<<<< HEAD
b: 1
=======
b: 2
>>>>>>> 0bc9
c: 3
<<<<<<< HEAD
d: 4
=======
d: 5
>>>>>>> 0bc9
"""


def texts(text):
    return [(version.name, version.text) for version in versions(text)]


def test_a_text_without_markers_has_one_version():
    assert texts("a: 1\n") == [("", "a: 1\n")]


def test_each_version_takes_the_same_side_everywhere():
    assert texts(TWO_PLACES) == [
        ("HEAD", "a: 0\nb: 1\nc: 3\nd: 4\n"),
        ("0bc9", "a: 0\nb: 2\nc: 3\nd: 5\n"),
    ]
    assert count_conflicts(TWO_PLACES) == 2


def test_nested_conflicts_give_a_version_per_side():
    nested = "<<<<<<< A\n<<<<<<< B\n1\n=======\n2\n>>>>>>> C\n=======\n3\n>>>>>>> D\nend"
    assert texts(nested) == [("A/B", "1\nend"), ("A/C", "2\nend"), ("D", "3\nend")]


def test_the_common_ancestor_is_not_a_version():
    assert texts("<<<<<<< A\n1\n||||||| base\n0\n=======\n2\n>>>>>>> B") == [("A", "1"), ("B", "2")]


def test_a_conflict_that_is_cut_off_keeps_both_beginnings():
    text = "<<<<<<< A\n1\n=======\n2\n>>>>>>> B\nx\n<<<<<<< A\n3\n=======\n4"
    assert [version.text for version in versions(text)] == ["1\nx\n3", "2\nx\n4"]


def test_a_heading_underline_is_not_a_conflict():
    assert not has_conflict("Title\n=======\ntext\n")


def test_thousands_of_markers_end():
    text = "<<<<<<< A\n" * 5000 + "x\n" + ">>>>>>> B\n" * 5000
    assert {version.text.strip() for version in versions(text)} == {"x", ""}
