from app.core.retry import RetryPolicy


def test_waits_twice_as_long_after_each_failure_up_to_a_limit() -> None:
    policy = RetryPolicy(first_delay=1.0, max_delay=5.0)
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (50, 5.0)):
        delays = [policy.delay(failures) for _ in range(200)]
        assert longest / 2 <= min(delays)
        assert max(delays) <= longest


def test_two_that_failed_together_do_not_come_back_together() -> None:
    policy = RetryPolicy(first_delay=1.0)
    assert len({policy.delay(1) for _ in range(20)}) > 1
