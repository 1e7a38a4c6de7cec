-- +goose Up
CREATE INDEX tasks_entry ON tasks (entry);
