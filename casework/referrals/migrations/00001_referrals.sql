-- +goose Up
-- A person who was sent on to a service of the directory.
CREATE TABLE referrals (
    id         TEXT   PRIMARY KEY,
    source     TEXT   NOT NULL UNIQUE, -- what the page chose for it: sent once
    file       TEXT   NOT NULL,
    caller_ref TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    service    TEXT   NOT NULL, -- of the directory
    name       BYTEA  NOT NULL, -- sealed: what the service was called then
    state      TEXT   NOT NULL, -- sent, accepted, attended, declined, unknown
    owner      TEXT   NOT NULL,
    sent_ms    BIGINT NOT NULL,
    made_ms    BIGINT NOT NULL,
    made_by    TEXT   NOT NULL,
    remind_ms  BIGINT NOT NULL, -- when to ask what came of it; 0: never
    changed_ms BIGINT NOT NULL
);
CREATE INDEX referrals_remind ON referrals (state, remind_ms);
CREATE INDEX referrals_file ON referrals (file, sent_ms);
CREATE INDEX referrals_ref ON referrals (caller_ref, sent_ms);
CREATE INDEX referrals_call ON referrals (call_id);
CREATE INDEX referrals_changed ON referrals (changed_ms);

-- What became of it. Rows are only added; the newest says where it stands.
CREATE TABLE referral_events (
    referral TEXT   NOT NULL,
    seq      BIGINT NOT NULL, -- from 1, without holes
    state    TEXT   NOT NULL, -- or asked: nothing was heard yet
    on_ms    BIGINT NOT NULL, -- when it was so
    how      TEXT   NOT NULL, -- person, service, family, letter, other
    at_ms    BIGINT NOT NULL, -- when it was written down
    by_who   TEXT   NOT NULL,
    said     BYTEA,           -- sealed: who said so
    note     BYTEA,           -- sealed
    PRIMARY KEY (referral, seq)
);
