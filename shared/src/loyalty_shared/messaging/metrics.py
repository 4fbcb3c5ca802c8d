"""Every metric of messaging. A service adds `MESSAGING_METRICS` to its own."""

from typing import Final

from loyalty_shared.observability.metrics import Declared, Kind

RECORDS: Final = Declared(
    "loyalty_consumer_records_total",
    Kind.COUNTER,
    "Records passed by, by outcome: taken, dead-letter, source-stopped (kept, not taken), unknown-type (skipped), repeated (a number seen before)",
    "dead-letter: read the service's dead letters; source-stopped: have the source mended, retry its letters; unknown-type: a source newer than this reader",
    ("group", "outcome"),
)
DEAD_LETTERS: Final = Declared(
    "loyalty_consumer_dead_letters_total",
    Kind.COUNTER,
    "Records set aside while decoding or after failing alone, by fault",
    "Read the service's dead letters; the detail names the field",
    ("group", "fault"),
)
BATCH_SECONDS: Final = Declared(
    "loyalty_consumer_batch_seconds",
    Kind.HISTOGRAM,
    "Time that one batch's use case took",
    "Rising: look for lock waits in PostgreSQL, then at the batch sizes",
    ("group",),
)
LAG: Final = Declared(
    "loyalty_consumer_lag_records",
    Kind.GAUGE,
    "Records of a partition not yet taken, for partitions that this process follows",
    "Rising while loyalty_consumer_records_total stands still: see loyalty_consumer_stopped and loyalty_consumer_retries_total",
    ("group", "topic", "partition"),
)
STOPPED: Final = Declared(
    "loyalty_consumer_stopped",
    Kind.GAUGE,
    "1 where a consumer will not go on: a lost record, a number used twice, another cluster or topic, records deleted before they were read",
    "Page. Points wait, none are lost. GET /v1/consumers says why; mend that (never by moving the offset); it tries again by itself",
    ("group", "topic", "partition"),
)
RETRIES: Final = Declared(
    "loyalty_consumer_retries_total",
    Kind.COUNTER,
    "Batches begun again, by cause: transient (database away, deadlock, lock), fenced (another owner went on), halved (looking for the record that fails)",
    "transient keeps rising: look at PostgreSQL; halved: a record fails in the use case, see the dead letters",
    ("group", "cause"),
)
PUBLISHED: Final = Declared(
    "loyalty_relay_records_total",
    Kind.COUNTER,
    "Records published and acknowledged",
    "Still while loyalty_relay_waiting_seconds rises: see loyalty_relay_failures_total",
    ("topic",),
)
WAITING_SECONDS: Final = Declared(
    "loyalty_relay_waiting_seconds",
    Kind.GAUGE,
    "Age of the oldest committed batch of the last window when it was read: how late the outbox is",
    "Above some seconds: look for a transaction that stays open (it holds the window back), then at Kafka",
)
RELAY_FAILURES: Final = Declared(
    "loyalty_relay_failures_total",
    Kind.COUNTER,
    "Times the relay began again, by cause: kafka, database, lease-lost",
    "lease-lost now and then is a paused process; the others: look at Kafka or PostgreSQL",
    ("cause",),
)
RELAY_STOPPED: Final = Declared(
    "loyalty_relay_stopped",
    Kind.GAUGE,
    "1 where the relay will not publish: Kafka lacks acknowledged records, the partition count changed, or the database came from another server",
    "Page. Nothing is lost in the database. The log says what differs; restore the topic, or see docs/restoring.md",
    ("topic", "partition"),
)
EPOCHS: Final = Declared(
    "loyalty_relay_epochs_total",
    Kind.COUNTER,
    "New epochs begun: the database was found behind what it had published",
    "Expected once after a restore; otherwise find out who set the database back",
    ("topic",),
)

MESSAGING_METRICS: Final = (RECORDS, DEAD_LETTERS, BATCH_SECONDS, LAG, STOPPED, RETRIES, PUBLISHED, WAITING_SECONDS, RELAY_FAILURES, RELAY_STOPPED, EPOCHS)
