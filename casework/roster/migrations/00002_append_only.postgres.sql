-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION roster_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'publications of the roster are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER roster_publications_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON roster_publications EXECUTE FUNCTION roster_refuse();
