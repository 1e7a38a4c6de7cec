-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER documents_no_update BEFORE UPDATE ON documents
BEGIN
    SELECT RAISE(ABORT, 'versions of documents are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER documents_no_delete BEFORE DELETE ON documents
BEGIN
    SELECT RAISE(ABORT, 'versions of documents are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER documents_no_replace BEFORE INSERT ON documents WHEN EXISTS (SELECT 1 FROM documents WHERE kind = NEW.kind AND n = NEW.n)
BEGIN
    SELECT RAISE(ABORT, 'versions of documents are append-only');
END;
-- +goose StatementEnd
