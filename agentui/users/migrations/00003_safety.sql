-- +goose Up
ALTER TABLE users ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT FALSE; -- somebody else knows the password: it must be changed first
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;          -- of what the security administrator decides

-- What one person was, before each change: who changed it, when and why.
CREATE TABLE user_versions (
    user_id  TEXT    NOT NULL,
    version  BIGINT  NOT NULL,
    at_ms    BIGINT  NOT NULL,
    by_id    TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    restored BIGINT  NOT NULL, -- the version whose values these are again; 0: none
    name     TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    locale   TEXT    NOT NULL,
    disabled BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, version)
);
INSERT INTO user_versions (user_id, version, at_ms, by_id, note, restored, name, role, locale, disabled)
    SELECT id, 1, created_at, '', '', 0, name, role, locale, disabled FROM users;

-- Which calls a person got, from each change on.
CREATE TABLE user_work (
    user_id     TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    at_ms       BIGINT NOT NULL,
    by_id       TEXT   NOT NULL,
    skills      TEXT   NOT NULL,
    agent_group BIGINT NOT NULL,
    PRIMARY KEY (user_id, version)
);
INSERT INTO user_work (user_id, version, at_ms, by_id, skills, agent_group) SELECT id, 1, created_at, '', skills, agent_group FROM users;

-- A sign-in made before these columns has no user_id here; its end comes as it would have come.
ALTER TABLE sessions ADD COLUMN user_id   TEXT   NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN since_ms  BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN used_ms   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN input_ms  BIGINT NOT NULL DEFAULT 0; -- when a key or a pointer was last moved
ALTER TABLE sessions ADD COLUMN factor_ms BIGINT NOT NULL DEFAULT 0; -- when the second factor was last proved
ALTER TABLE sessions ADD COLUMN locked_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN by_provider BOOLEAN NOT NULL DEFAULT FALSE; -- no password was asked
ALTER TABLE sessions ADD COLUMN remote    TEXT   NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser   TEXT   NOT NULL DEFAULT '';
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE second_factors (
    user_id      TEXT   NOT NULL PRIMARY KEY,
    secret       BYTEA  NOT NULL, -- sealed
    begun_ms     BIGINT NOT NULL,
    confirmed_ms BIGINT NOT NULL, -- 0: enrolment has begun only
    last_step    BIGINT NOT NULL  -- the newest code that was taken: none is taken twice
);
CREATE TABLE recovery_codes (
    user_id   TEXT   NOT NULL,
    code_hash TEXT   NOT NULL,
    used_ms   BIGINT NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- Whom a provider of identities means: its name for a person stays with one account.
CREATE TABLE identities (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX identities_user ON identities (issuer, user_id);

-- From where a person has signed in before: those who guess elsewhere do not shut the person out there.
CREATE TABLE known_origins (
    user_id TEXT   NOT NULL,
    origin  TEXT   NOT NULL, -- "device:" and a hash, or "address:" and a network
    used_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, origin)
);
CREATE TABLE lockouts (
    bucket   TEXT   NOT NULL PRIMARY KEY,
    user_id  TEXT   NOT NULL, -- whose account; empty: an address, or a name that nobody has
    origin   TEXT   NOT NULL, -- as in known_origins, or "strangers"
    failures BIGINT NOT NULL,
    first_ms BIGINT NOT NULL, -- of these failures
    last_ms  BIGINT NOT NULL,
    locks    BIGINT NOT NULL, -- in a row: each is twice as long as the one before
    until_ms BIGINT NOT NULL
);
CREATE INDEX lockouts_user ON lockouts (user_id);
