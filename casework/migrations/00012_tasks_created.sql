-- +goose Up
-- Statistics ask for the tasks of a span.
CREATE INDEX tasks_created ON tasks (created_ms);
