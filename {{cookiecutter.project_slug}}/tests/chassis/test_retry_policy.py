from app.core.retry import RetryPolicy


def test_waits_twice_as_long_after_each_failure_up_to_a_limit() -> None:
    policy = RetryPolicy(first_delay=1.0, max_delay=5.0)
    for failures, about in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (5000, 5.0)):
        delays = [policy.delay(failures) for _ in range(200)]
        assert 0.8 * about <= min(delays)
        assert max(delays) <= 1.2 * about


def test_two_that_failed_together_do_not_come_back_together() -> None:
    policy = RetryPolicy(first_delay=1.0)
    assert len({policy.delay(1) for _ in range(20)}) > 1
