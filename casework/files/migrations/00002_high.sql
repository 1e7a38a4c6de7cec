-- +goose Up
CREATE INDEX file_risks_high ON file_risks (file_id) WHERE level = 'high';
