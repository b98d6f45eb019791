"""The tables of the two kinds of encrypted file, as numbered steps (fieldkit/store/migrations.py).

`ledger.db` (the *book*) holds numbers, hashes, dates and states but no personal data; it opens
with the store key alone, so that sync and erasing work without any trip being open.
`outbox.place` is where a save's line begins in its trip's `saves.rec` (fieldkit/store/saves.py);
none for a file of its own, as version 1 kept them. `desk_copy` says which containers of the desk
held the slips of an ended trip: they have to end as well before a date of deletion is given. For a
visit that another kit made, the reservation's id stands in `trip_id` (fieldkit/slips.py).
`member` says which applicants (ids only) a reception number stands for: deletion is proved by it.
`card` is one custody period of a numbered camera card (states out, read, emptying, filled, emptied,
back, lost; `serial` tells the medium) and `card_shot` its shots by hash (found, imported, aside;
`gone_at`: no more on the card); `photo_print` counts sheets, `photo_file` a
file that was written for the online application (begun, out, gone): numbers and hashes only.
`paper_print` counts printed papers by form (kind: filled, blank, sample, batch).
`money` is a receipt number: begun (reserved), issued (its record has reached the application) or
spoiled; a number that a kill cut off is spoiled with the reason `interrupted` and gives its paper
number free again. Triggers keep what was received as it was, and the numbers without a gap.
Rows of before version 4 have no `trip_id`; `money_one` leaves them out, so that every one opens.
`tally` is one officer's day of cash (made, checked, replaced; `coins` maps denominations to pieces,
`sheet` is what the receipts said when it was made); receipts that come after its deposit go into
a further one. `incentive` is a gift to one applicant (given, undone). The reasons in these tables
are codes: nobody's words outlive the trip.
`receipt.void`: lost when the city's store was set back (`epoch`: its signed words on that); `lost`
is what such a receipt had let go here and nobody holds now (fieldkit/restored.py). `city_key` are
the city's former keys. `fact.batch` names the group in which a fact was sent, `fact.receipt` what
proves it. `trip.cursor` is how far a trip has heard of the city. `bundle` are files for the USB
road.
`reception.label` names a reservation that another kit took (its number there, e.g. `K02-12`); such
a row has a negative `no`, so that the own numbers keep their order.
`handled` is what a supervisor did with something that the city does not take (`act`: superseded by
the save `next`, or handed to a person as a file of that `digest`; fieldkit/parked.py).
`city_setting` are the versions of the city's forms and settings that came from the city and what
became of each (fieldkit/citysettings.py).
`trips/<id>/store.db` holds the personal data of one trip and opens only with that trip's day
secret as well. In it `record.mine` maps the fields that were changed here to the save that said so,
`behind` those whose newer value of the city is not shown yet to the revision that is; `device` is
the other kit that changed the record last. `moved` is what the city changed under an open page,
`draft.seen` the newest row of it when the draft was begun (fieldkit/store/heard.py).
"""

BOOK_STEPS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE device (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, sign_private BLOB NOT NULL,
        sign_public BLOB NOT NULL, seal_private BLOB NOT NULL, seal_public BLOB NOT NULL,
        city TEXT NOT NULL, city_name TEXT NOT NULL, city_public BLOB NOT NULL,
        server_url TEXT NOT NULL, enrolled_at TEXT NOT NULL);
    CREATE TABLE trip (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, day TEXT NOT NULL, public BLOB NOT NULL,
        secret_sha256 TEXT NOT NULL, state TEXT NOT NULL, made_at TEXT NOT NULL,
        returned_at TEXT, erased_at TEXT, shredded_by TEXT, city_forgot TEXT);
    CREATE TABLE outbox (
        op_id TEXT PRIMARY KEY, n INTEGER NOT NULL UNIQUE, trip_id TEXT NOT NULL,
        entity TEXT NOT NULL, record_id TEXT NOT NULL, sha256 TEXT NOT NULL,
        size INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
        receipt TEXT, queued_at TEXT NOT NULL, tried_at TEXT, attempts INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE photo (
        id TEXT PRIMARY KEY, trip_id TEXT NOT NULL, record_id TEXT NOT NULL, state TEXT NOT NULL,
        sha256 TEXT NOT NULL, size INTEGER NOT NULL, captured_at TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '', receipt TEXT, erased_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE receipt (
        digest TEXT PRIMARY KEY, seq INTEGER NOT NULL, body TEXT NOT NULL,
        signature TEXT NOT NULL, kept_at TEXT NOT NULL);
    CREATE TABLE ledger (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
    CREATE TABLE fact (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, on_day TEXT NOT NULL, dims TEXT NOT NULL,
        count INTEGER NOT NULL, yen INTEGER NOT NULL);
    CREATE TABLE reception (
        no INTEGER PRIMARY KEY AUTOINCREMENT, reservation_id TEXT NOT NULL UNIQUE,
        booked_on TEXT NOT NULL, visit_on TEXT NOT NULL, planned INTEGER NOT NULL,
        shared_on TEXT, visited_on TEXT, erased_on TEXT, trip_id TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL);
    CREATE TABLE money (
        no TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, application_id TEXT NOT NULL,
        amount INTEGER NOT NULL, breakdown TEXT NOT NULL, mode TEXT NOT NULL,
        paper_no TEXT, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
        officer TEXT NOT NULL, issued_at TEXT NOT NULL);
    CREATE TABLE erasure (
        id TEXT PRIMARY KEY, what TEXT NOT NULL, object_id TEXT NOT NULL, reason TEXT NOT NULL,
        intended_at TEXT NOT NULL, done_at TEXT);
    CREATE UNIQUE INDEX money_paper ON money (paper_no) WHERE paper_no IS NOT NULL;
    """,
    """
    ALTER TABLE outbox ADD COLUMN place INTEGER;
    CREATE INDEX outbox_trip ON outbox (trip_id, place);
    CREATE INDEX outbox_state ON outbox (state, n);
    CREATE INDEX photo_state ON photo (state, captured_at);
    CREATE INDEX photo_record ON photo (record_id);
    CREATE INDEX receipt_seq ON receipt (seq);
    ALTER TABLE photo ADD COLUMN seal_sha256 TEXT NOT NULL DEFAULT '';
    CREATE TABLE desk_copy (
        trip_id TEXT NOT NULL, desk_id TEXT NOT NULL, PRIMARY KEY (trip_id, desk_id));
    CREATE TABLE member (record_id TEXT PRIMARY KEY, reservation_id TEXT NOT NULL);
    """,
    """
    CREATE TABLE card (
        id TEXT PRIMARY KEY, label TEXT NOT NULL, trip_id TEXT NOT NULL, state TEXT NOT NULL,
        out_at TEXT NOT NULL, out_by TEXT NOT NULL, shots INTEGER, read_at TEXT,
        emptied_at TEXT, back_at TEXT, back_by TEXT, reason TEXT NOT NULL DEFAULT '',
        serial TEXT NOT NULL DEFAULT '', lost_at TEXT, lost_by TEXT);
    CREATE UNIQUE INDEX card_label ON card (label) WHERE state NOT IN ('back', 'lost');
    CREATE TABLE card_shot (
        card_id TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL,
        photo_id TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,
        kind TEXT NOT NULL DEFAULT '', gone_at TEXT, PRIMARY KEY (card_id, sha256));
    CREATE TABLE photo_print (
        id TEXT PRIMARY KEY, photo_id TEXT NOT NULL, kind TEXT NOT NULL, copies INTEGER NOT NULL,
        at TEXT NOT NULL, actor TEXT NOT NULL);
    CREATE TABLE photo_file (
        id TEXT PRIMARY KEY, photo_id TEXT NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL,
        serial TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL, state TEXT NOT NULL,
        at TEXT NOT NULL, actor TEXT NOT NULL, gone_at TEXT, reason TEXT NOT NULL DEFAULT '');
    """,
    """
    CREATE TABLE paper_print (
        id TEXT PRIMARY KEY, form TEXT NOT NULL, version TEXT NOT NULL, record_id TEXT NOT NULL,
        kind TEXT NOT NULL, pages INTEGER NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL);
    CREATE INDEX paper_print_record ON paper_print (record_id, form);
    ALTER TABLE money ADD COLUMN trip_id TEXT NOT NULL DEFAULT '';
    DROP INDEX money_paper;
    CREATE UNIQUE INDEX money_paper ON money (paper_no)
        WHERE paper_no IS NOT NULL AND reason <> 'interrupted';
    CREATE UNIQUE INDEX money_one ON money (application_id)
        WHERE state <> 'spoiled' AND trip_id <> '';
    CREATE TRIGGER money_fixed BEFORE UPDATE OF no, number, application_id, amount, breakdown, mode,
        paper_no, officer, issued_at, trip_id ON money
        BEGIN SELECT RAISE(ABORT, 'a receipt is never edited'); END;
    CREATE TRIGGER money_onward BEFORE UPDATE OF state ON money
        WHEN OLD.state = 'spoiled' OR NEW.state NOT IN ('issued', 'spoiled')
        BEGIN SELECT RAISE(ABORT, 'a receipt never goes back'); END;
    CREATE TRIGGER money_kept BEFORE DELETE ON money
        BEGIN SELECT RAISE(ABORT, 'a receipt is never deleted'); END;
    CREATE TRIGGER money_gapless BEFORE INSERT ON money
        WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM money)
        BEGIN SELECT RAISE(ABORT, 'a receipt number was left out'); END;
    CREATE TABLE tally (
        id TEXT PRIMARY KEY, day TEXT NOT NULL, officer TEXT NOT NULL, state TEXT NOT NULL,
        expected INTEGER NOT NULL, counted INTEGER NOT NULL, coins TEXT NOT NULL,
        sheet TEXT NOT NULL, why TEXT NOT NULL DEFAULT '', about TEXT NOT NULL DEFAULT '',
        made_at TEXT NOT NULL, made_by TEXT NOT NULL, checked_at TEXT, checked_by TEXT,
        slip_no TEXT NOT NULL DEFAULT '', paid_in_on TEXT, paid_in_by TEXT,
        replaced_at TEXT, replaced_by TEXT, replaced_why TEXT NOT NULL DEFAULT '');
    CREATE UNIQUE INDEX tally_one ON tally (day, officer) WHERE state <> 'replaced';
    CREATE TABLE incentive (
        id TEXT PRIMARY KEY, record_id TEXT NOT NULL, item TEXT NOT NULL, yen INTEGER NOT NULL,
        state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL,
        actor TEXT NOT NULL);
    CREATE UNIQUE INDEX incentive_person ON incentive (record_id) WHERE state = 'given';
    """,
    """
    DROP INDEX tally_one;
    CREATE UNIQUE INDEX tally_one ON tally (day, officer)
        WHERE state <> 'replaced' AND paid_in_on IS NULL;
    """,
    """
    ALTER TABLE receipt ADD COLUMN void INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE device ADD COLUMN city_seal BLOB NOT NULL DEFAULT x'';
    ALTER TABLE device ADD COLUMN profile TEXT NOT NULL DEFAULT '';
    ALTER TABLE trip ADD COLUMN cursor INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE fact ADD COLUMN batch TEXT NOT NULL DEFAULT '';
    ALTER TABLE fact ADD COLUMN receipt TEXT;
    CREATE INDEX fact_waits ON fact (batch) WHERE receipt IS NULL;
    CREATE TABLE epoch (
        number INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, from_digest TEXT NOT NULL,
        body TEXT NOT NULL, signature TEXT NOT NULL, kept_at TEXT NOT NULL);
    CREATE TABLE city_key (
        old BLOB PRIMARY KEY, new BLOB NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL,
        kept_at TEXT NOT NULL);
    CREATE TABLE lost (
        id TEXT PRIMARY KEY, what TEXT NOT NULL, record_id TEXT NOT NULL, trip_id TEXT NOT NULL,
        captured_at TEXT NOT NULL, noticed_at TEXT NOT NULL,
        closed_at TEXT, closed_by TEXT, reason TEXT NOT NULL DEFAULT '');
    CREATE TABLE bundle (
        no INTEGER PRIMARY KEY, medium TEXT NOT NULL, made_at TEXT NOT NULL, made_by TEXT NOT NULL,
        digest TEXT NOT NULL, bytes INTEGER NOT NULL, items INTEGER NOT NULL, state TEXT NOT NULL,
        reply_at TEXT, erased_by TEXT, erased_at TEXT);
    """,
    """
    ALTER TABLE reception ADD COLUMN label TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TABLE handled (
        id TEXT PRIMARY KEY, act TEXT NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL,
        reason TEXT NOT NULL, digest TEXT NOT NULL DEFAULT '', next TEXT NOT NULL DEFAULT '');
    CREATE TABLE city_setting (
        epoch INTEGER NOT NULL, no INTEGER NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
        statement TEXT NOT NULL, signature TEXT NOT NULL, state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '', at TEXT NOT NULL, PRIMARY KEY (epoch, no));
    """,
)

TRIP_STEPS = (
    """
    CREATE TABLE record (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, parent TEXT NOT NULL, body TEXT NOT NULL,
        base INTEGER NOT NULL DEFAULT 0, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL);
    CREATE INDEX record_kind ON record (kind, parent);
    CREATE TABLE op (
        op_id TEXT PRIMARY KEY, record_id TEXT NOT NULL, fields TEXT NOT NULL,
        base INTEGER NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL);
    CREATE TABLE draft (
        record_id TEXT NOT NULL, form TEXT NOT NULL, body TEXT NOT NULL, updated_at TEXT NOT NULL,
        PRIMARY KEY (record_id, form));
    """,
    """
    DROP TABLE op;
    CREATE TABLE sealed (n INTEGER PRIMARY KEY, line BLOB NOT NULL);
    """,
    """
    ALTER TABLE record ADD COLUMN mine TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE record ADD COLUMN behind TEXT NOT NULL DEFAULT '{}';
    ALTER TABLE record ADD COLUMN device TEXT NOT NULL DEFAULT '';
    ALTER TABLE draft ADD COLUMN seen INTEGER;
    CREATE TABLE moved (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT NOT NULL, name TEXT NOT NULL,
        was TEXT NOT NULL, base INTEGER NOT NULL);
    CREATE INDEX moved_record ON moved (record_id, seq);
    CREATE TABLE clash (
        id TEXT PRIMARY KEY, record_id TEXT NOT NULL, state TEXT NOT NULL, rev INTEGER NOT NULL,
        body TEXT NOT NULL);
    CREATE TABLE twin (
        id TEXT PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, state TEXT NOT NULL,
        rev INTEGER NOT NULL, body TEXT NOT NULL);
    """,
)
