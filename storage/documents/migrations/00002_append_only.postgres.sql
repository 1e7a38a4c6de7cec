-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION documents_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'versions of documents are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER documents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON documents EXECUTE FUNCTION documents_refuse();
