-- +goose Up
-- A talk of a counsellor that is to be reviewed, or was.
CREATE TABLE reviews (
    id         TEXT   PRIMARY KEY, -- ULID
    call_id    TEXT   NOT NULL,    -- also the id of its recording
    agent      TEXT   NOT NULL,    -- whose talk it is
    line       TEXT   NOT NULL,
    called_ms  BIGINT NOT NULL,    -- when the caller arrived
    talk_ms    BIGINT NOT NULL,
    why        TEXT   NOT NULL,    -- red, sample, asked
    picked_ms  BIGINT NOT NULL,
    picked_by  TEXT   NOT NULL,    -- empty: the program
    due_ms     BIGINT NOT NULL,
    wanted     BIGINT NOT NULL,    -- score sheets; more than one: a calibration
    sheet      BIGINT NOT NULL,    -- version by which it is scored; 0: nobody began
    state      TEXT   NOT NULL,    -- open, done, dropped
    closed_ms  BIGINT NOT NULL,
    closed_by  TEXT   NOT NULL,
    read_ms    BIGINT NOT NULL,    -- when the counsellor said that they read it
    said       BYTEA,              -- why it was dropped
    UNIQUE (call_id, agent)
);
CREATE INDEX reviews_open ON reviews (due_ms, id) WHERE state = 'open';
CREATE INDEX reviews_closed ON reviews (closed_ms, id);
CREATE INDEX reviews_called ON reviews (called_ms);
CREATE INDEX reviews_agent ON reviews (agent, closed_ms);

-- One reviewer's score sheet. Points and moments stand open, to be counted; words are sealed.
CREATE TABLE review_scores (
    review   TEXT   NOT NULL REFERENCES reviews (id),
    reviewer TEXT   NOT NULL,
    taken_ms BIGINT NOT NULL,
    saved_ms BIGINT NOT NULL, -- 0: given back
    final_ms BIGINT NOT NULL, -- 0: not handed in
    total    BIGINT NOT NULL, -- thousandths of what could be had; only when handed in
    missed   BIGINT NOT NULL, -- critical items with the lowest mark; likewise
    sections TEXT   NOT NULL, -- JSON: thousandths by section; likewise
    marks    TEXT   NOT NULL, -- JSON by item
    said     BYTEA,           -- sealed JSON: words by item, and on the whole
    PRIMARY KEY (review, reviewer)
);

-- What the counsellor and the reviewers said of it afterwards.
CREATE TABLE review_replies (
    id      TEXT   PRIMARY KEY, -- ULID
    review  TEXT   NOT NULL REFERENCES reviews (id),
    by_user TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    said    BYTEA -- none: it was erased
);
CREATE INDEX review_replies_review ON review_replies (review, id);

-- Every talk was drawn for once, whatever the share was then.
CREATE TABLE review_draws (
    call_id TEXT   NOT NULL,
    agent   TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    share   BIGINT NOT NULL, -- thousandths that were asked for
    drawn   BIGINT NOT NULL, -- 1: it went to review
    PRIMARY KEY (call_id, agent)
);

-- The one row of where the draw stands.
CREATE TABLE review_place (
    id        BIGINT PRIMARY KEY,
    seed      TEXT   NOT NULL, -- nobody can tell beforehand which talk is drawn
    began_ms  BIGINT NOT NULL, -- talks that ended before are not looked at
    looked_ms BIGINT NOT NULL  -- the last whole look
);
INSERT INTO review_place (id, seed, began_ms, looked_ms) VALUES (1, '', 0, 0);
