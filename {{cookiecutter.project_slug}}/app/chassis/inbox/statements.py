"""The statements of the inbox that are better read as SQL."""

from sqlalchemy import text

# `turn` locks the one row of inbox_consumers: stores take turns, and each sees the newest list of consumers, also
# one that was written while it waited. Only events that are new get deliveries.
STORE = text("""
WITH turn AS MATERIALIZED (SELECT CAST(consumers AS jsonb) AS consumers FROM inbox_consumers FOR UPDATE),
batch AS (
  SELECT * FROM unnest(
    CAST(:event_id AS uuid[]), CAST(:lane AS text[]), CAST(:shard AS smallint[]), CAST(:type AS text[]),
    CAST(:version AS int[]), CAST(:source AS text[]), CAST(:subject AS text[]), CAST(:time AS timestamptz[]),
    CAST(:data AS bytea[]), CAST(:headers AS text[])
  ) WITH ORDINALITY AS b (event_id, lane, shard, type, version, source, subject, time, data, headers, place)
),
events AS (
  INSERT INTO received_events
    (event_id, lane, shard, type, version, source, subject, time, data, headers, received_at)
  SELECT event_id, lane, shard, type, version, source, subject, time, data, CAST(headers AS json), clock_timestamp()
  FROM turn, batch ORDER BY place
  ON CONFLICT DO NOTHING RETURNING position, event_id, lane, shard, type
),
wanted AS (
  SELECT position, event_id, shard, known.name AS consumer, 0 AS state, NULL AS reason,
    CASE WHEN CAST(known.about ->> 'ordered' AS boolean) THEN lane ELSE CAST(event_id AS text) END AS lane
  FROM turn, events, jsonb_each(turn.consumers) AS known (name, about)
  WHERE known.about -> 'types' ? events.type
  UNION ALL
  SELECT position, event_id, shard, 'undecodable', 2, 'the message could not be read as an event', lane
  FROM events WHERE type = 'undecodable'
),
stored AS (
  INSERT INTO deliveries (consumer, event_id, lane, shard, state, reason, finished_at)
  SELECT consumer, event_id, lane, shard, state, reason, CASE WHEN state = 2 THEN clock_timestamp() END
  FROM wanted ORDER BY position
  RETURNING 1
)
SELECT pg_notify(:channel, '') FROM (SELECT count(*) FROM stored) AS stored
""")
