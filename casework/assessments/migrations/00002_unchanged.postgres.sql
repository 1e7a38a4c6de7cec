-- +goose Up
-- Nothing is changed afterwards. Rows may be taken out: retention and erasure do.
-- +goose StatementBegin
CREATE FUNCTION risk_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'assessments are not changed';
END $$;
-- +goose StatementEnd
CREATE TRIGGER risk_answers_unchanged BEFORE UPDATE ON risk_answers EXECUTE FUNCTION risk_refuse();
CREATE TRIGGER risk_scales_unchanged BEFORE UPDATE ON risk_scales EXECUTE FUNCTION risk_refuse();
CREATE TRIGGER risk_measures_unchanged BEFORE UPDATE ON risk_measures EXECUTE FUNCTION risk_refuse();
CREATE TRIGGER risk_levels_unchanged BEFORE UPDATE ON risk_levels EXECUTE FUNCTION risk_refuse();
CREATE TRIGGER risk_proposals_unchanged BEFORE UPDATE ON risk_proposals EXECUTE FUNCTION risk_refuse();
CREATE TRIGGER risk_decisions_unchanged BEFORE UPDATE ON risk_decisions EXECUTE FUNCTION risk_refuse();
