-- +goose Up
-- One person, one file, under a pseudonym. A file that was merged into another stays whole and is only told apart by root: undoing it loses nothing.
CREATE TABLE files (
    id            TEXT   PRIMARY KEY,
    code          TEXT   NOT NULL UNIQUE, -- what people call it
    merged_into   TEXT   NOT NULL,        -- '': stands for itself
    root          TEXT   NOT NULL,        -- where merged_into leads to in the end; its own id when it stands for itself
    created_ms    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    birth_year    BIGINT NOT NULL,        -- 0: not known
    age_band      TEXT   NOT NULL,
    sex           TEXT   NOT NULL,
    region        TEXT   NOT NULL,
    called_sealed BYTEA,                  -- how the person wants to be called
    level         TEXT   NOT NULL,        -- of the person, as of file_risks; of a root only
    level_ms      BIGINT NOT NULL,
    level_by      TEXT   NOT NULL,
    level_version BIGINT NOT NULL         -- of the definition by which it was judged
);
CREATE INDEX files_root ON files (root);
CREATE INDEX files_level ON files (level, level_ms);

-- Which call concerns whom, and as what. Exactly one person is on the line.
CREATE TABLE file_links (
    id      TEXT   PRIMARY KEY,
    file_id TEXT   NOT NULL,
    call_id TEXT   NOT NULL,
    role    TEXT   NOT NULL, -- caller, reporter, at_risk
    at_ms   BIGINT NOT NULL, -- when the call arrived
    refs    TEXT   NOT NULL, -- pseudonyms of the number by every key of then, with blanks between; '': withheld
    UNIQUE (call_id, file_id)
);
CREATE UNIQUE INDEX file_links_line ON file_links (call_id) WHERE role <> 'at_risk';
CREATE INDEX file_links_file ON file_links (file_id, at_ms);

-- The same by pseudonym, counted, so that an arrival costs one look whatever the history.
CREATE TABLE file_refs (
    ref     TEXT   NOT NULL,
    file_id TEXT   NOT NULL,
    own     BOOLEAN NOT NULL, -- the person calls from it; else somebody calls from it about the person
    links   BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (ref, file_id, own)
);

CREATE TABLE file_risks (
    id      TEXT   PRIMARY KEY,
    file_id TEXT   NOT NULL,
    level   TEXT   NOT NULL,
    version BIGINT NOT NULL,
    at_ms   BIGINT NOT NULL,
    ord     BIGINT NOT NULL, -- among those of one time
    by_id   TEXT   NOT NULL,
    act     TEXT   NOT NULL  -- the merge or split that carried it over; without force when that was undone
);
CREATE INDEX file_risks_file ON file_risks (file_id, at_ms);

-- What was done to files: never changed but by being undone.
CREATE TABLE file_acts (
    id            TEXT   PRIMARY KEY,
    kind          TEXT   NOT NULL,
    file_id       TEXT   NOT NULL,
    other_id      TEXT   NOT NULL, -- the file that it was merged into, or that calls were moved to
    call_id       TEXT   NOT NULL,
    at_ms         BIGINT NOT NULL,
    by_id         TEXT   NOT NULL,
    detail        TEXT   NOT NULL,
    reason_sealed BYTEA,
    undone_ms     BIGINT NOT NULL,
    undone_by     TEXT   NOT NULL
);
CREATE INDEX file_acts_file ON file_acts (file_id, at_ms);
CREATE INDEX file_acts_other ON file_acts (other_id, at_ms);

CREATE TABLE file_moves (
    act     TEXT NOT NULL,
    link_id TEXT NOT NULL,
    from_id TEXT NOT NULL,
    to_id   TEXT NOT NULL,
    PRIMARY KEY (act, link_id)
);

-- Passphrases that callers chose, as a slow keyed hash.
CREATE TABLE file_phrases (
    tag     TEXT   PRIMARY KEY,
    file_id TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    by_id   TEXT   NOT NULL
);
CREATE INDEX file_phrases_file ON file_phrases (file_id);
CREATE TABLE file_phrase_tries (
    id    TEXT   PRIMARY KEY,
    by_id TEXT   NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX file_phrase_tries_by ON file_phrase_tries (by_id, at_ms);
