"""The check of queues, by itself: graphs of a few units whose depths are known."""

from dataclasses import replace

import pytest

from hwgen.rhythm.check import INPUT, Promise, Rhythm, RhythmError, check_rhythm

# the input divides: one way needs two beats more than it has given, the other waits in a queue
READS = ((-1,), (-1,), (0, 1))
WAITS = Promise(beats=4, needs="3 1 0*2", takes="3 1 0*2")  # 3, 4, 4, 4 beats
ADDS = Promise(beats=4, needs="1*4", takes="1*4")


def promises(depth):
    return [WAITS, Promise(beats=4, depth=depth), ADDS]


RHYTHM = Rhythm(start=0, period=4, vectors=1, passes=("0 1*3", "3 1*3", "3 1*3", "4 1*3"))


def test_what_fits_passes():
    check_rhythm(RHYTHM, READS, promises(4))


def test_a_queue_that_is_too_short_stands_still_whatever_the_rhythm():
    problem = (
        "must hold more than 2 beats, or the design stands still behind 0 of its 4 beats, whatever "
        "waits for how long"
    )
    with pytest.raises(RhythmError, match=problem) as told:
        check_rhythm(None, READS, promises(2))
    assert told.value.unit == 1


def test_a_unit_that_stands_still_beside_no_full_queue_is_named():
    never = [WAITS, promises(9)[1], replace(ADDS, takes="0*4")]
    with pytest.raises(RhythmError, match="must not stand still behind 0 of its 4 beats") as told:
        check_rhythm(None, READS, never)
    assert told.value.unit == 2


def test_a_queue_that_never_stands_still_can_be_too_short_for_the_rhythm():
    """A place is free in the cycle after a beat left, and the fourth beat comes as it leaves."""
    check_rhythm(None, READS, promises(3))
    with pytest.raises(RhythmError, match="must hold more than 3 beats when beat 3 comes") as told:
        check_rhythm(RHYTHM, READS, promises(3))
    assert told.value.unit == 1


@pytest.mark.parametrize(
    ("passes", "unit", "problem"),
    [
        (("0 1*3", "2 1*3", "2 1*3", "4 1*3"), 0, "beat 0 must come behind what it needs"),
        (("0 1*3", "3 1*3", "4 1*3", "5 1*3"), 2, "must come in the same cycles"),
        (("0 1*3", "3 1*3", "3 1*3", "3 1*3"), 2, "beat 0 must come behind what it needs"),
        (("0 1*3", "3 1*3", "3 1*3", "4 1*2"), 2, "4 beats must pass one after another"),
        (("0 1*3", "3 1 2 1", "3 1 2 1", "4 1 2 1"), 0, "4 beats must pass one after another"),
        (("0 2 0 1", "3 1*3", "3 1*3", "4 1*3"), INPUT, "4 beats must pass one after another"),
        (("0 1*4", "3 1*3", "3 1*3", "4 1*3"), INPUT, "4 beats must pass one after another"),
        (("0 1*3", "3 1*3", "3 1*3"), None, "passes must have a table for each of 4 places"),
        (("0 1*3", "3 1*3", "3 1*3", "4 1*x"), 2, "a table must be numbers"),
    ],
)
def test_a_rhythm_that_cannot_be_is_refused(passes, unit, problem):
    with pytest.raises(RhythmError, match=problem) as told:
        check_rhythm(replace(RHYTHM, passes=passes), READS, promises(9))
    assert told.value.unit == unit


def test_a_unit_that_needs_more_than_comes_is_refused():
    wrong = [replace(WAITS, needs="3 2 0*2"), *promises(9)[1:]]
    with pytest.raises(RhythmError, match="must need no more than 4 beats"):
        check_rhythm(None, READS, wrong)


def test_units_that_read_the_same_must_agree_on_its_beats():
    wrong = [promises(9)[0], Promise(beats=5, depth=9), ADDS]
    with pytest.raises(RhythmError, match="must read 5 beats of each that it reads"):
        check_rhythm(None, READS, wrong)


def test_a_unit_that_holds_nothing_takes_its_beat_as_its_own_leaves():
    """It gathers two beats: the last one passes in the cycle of what it gives."""
    gathers = Promise(beats=4, needs="2 2", takes="1 2", holds=False)
    reads = ((-1,),)
    check_rhythm(Rhythm(start=0, period=8, vectors=1, passes=("0 1 3 1", "1 4")), reads, [gathers])
    for passes in ("2 2", "0 4"):
        with pytest.raises(RhythmError, match="must come behind what it needs"):
            check_rhythm(
                Rhythm(start=0, period=8, vectors=1, passes=("0 1 3 1", passes)), reads, [gathers]
            )


def test_the_way_to_where_it_repeats_itself_is_checked_too():
    """The first vectors wait, and six beats with them; later ones would need four places."""
    out = "9 1*7 3 1*3"
    passes = ("0 1*3 5 1*3 5 1*3", out, out, "10 1*7 3 1*3")
    check_rhythm(Rhythm(start=2, period=8, vectors=1, passes=passes), READS, promises(6))
    with pytest.raises(RhythmError, match="must hold more than 5 beats when beat 5 comes"):
        check_rhythm(Rhythm(start=2, period=8, vectors=1, passes=passes), READS, promises(5))
    steady = Rhythm(start=0, period=8, vectors=1, passes=("0 1*3", "3 1*3", "3 1*3", "4 1*3"))
    check_rhythm(steady, READS, promises(4))


@pytest.mark.parametrize("wrong", [{"start": -1}, {"vectors": 0}, {"period": 0}])
def test_a_rhythm_without_vectors_or_period_is_refused(wrong):
    with pytest.raises(ValueError, match="start must lie in 0 to"):
        replace(RHYTHM, **wrong)


@pytest.mark.parametrize("wrong", [{"beats": 0}, {"beats": 1 << 40}, {"depth": -1}])
def test_a_promise_of_no_beats_or_too_many_is_refused(wrong):
    with pytest.raises(ValueError, match="beats must lie in 1 to 67108864, and depth in 0 to"):
        replace(ADDS, **wrong)
