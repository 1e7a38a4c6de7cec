-- +goose Up
ALTER TABLE tasks ADD COLUMN place_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN tier TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE tasks ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN next_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN auto BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tasks ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN preferred TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN lease_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tasks ADD COLUMN entry TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN closed_why TEXT NOT NULL DEFAULT '';
-- Tasks of before wait for a person, as they did.
UPDATE tasks SET place_ms = created_ms, next_ms = due_ms, tier = CASE WHEN danger THEN 'red' ELSE 'normal' END;
CREATE INDEX tasks_claim ON tasks (state, next_ms);
CREATE INDEX tasks_caller ON tasks (caller_ref, state);

-- What came of each attempt to call somebody back. Rows are only added. Never a number.
CREATE TABLE task_attempts (
    task    TEXT   NOT NULL,
    seq     BIGINT NOT NULL, -- from 1 within the task, without holes
    attempt BIGINT NOT NULL, -- which attempt, from 1
    entry   TEXT   NOT NULL, -- id of the call by which it was made
    at_ms   BIGINT NOT NULL,
    who     TEXT   NOT NULL, -- user id, or 'system'
    result  TEXT   NOT NULL,
    q850    BIGINT NOT NULL,
    PRIMARY KEY (task, seq)
);

-- Callers who do not want to be called back, by pseudonym.
CREATE TABLE callback_refusals (
    caller_ref TEXT   PRIMARY KEY,
    at_ms      BIGINT NOT NULL,
    who        TEXT   NOT NULL,
    task       TEXT   NOT NULL
);

-- What joined a task that was there: one open callback a caller. Together with tasks.source it makes every wish count once.
CREATE TABLE task_joins (
    source TEXT PRIMARY KEY,
    task   TEXT NOT NULL
);
