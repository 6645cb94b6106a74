from app.application.registry import EVENTS, SUBSCRIPTIONS


def test_every_event_that_somebody_waits_for_is_registered() -> None:
    assert {subscription.event for subscription in SUBSCRIPTIONS} <= set(EVENTS)


def test_no_two_events_have_the_same_name() -> None:
    assert len({event.name for event in EVENTS}) == len(EVENTS)


def test_consumer_names_fit_their_column() -> None:
    assert all(len(subscription.consumer) <= 100 for subscription in SUBSCRIPTIONS)
