-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER roster_publications_no_update BEFORE UPDATE ON roster_publications
BEGIN
    SELECT RAISE(ABORT, 'publications of the roster are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roster_publications_no_delete BEFORE DELETE ON roster_publications
BEGIN
    SELECT RAISE(ABORT, 'publications of the roster are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER roster_publications_no_replace BEFORE INSERT ON roster_publications WHEN EXISTS (SELECT 1 FROM roster_publications WHERE n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'publications of the roster are append-only');
END;
-- +goose StatementEnd
