-- +goose Up
-- Nothing is changed afterwards. Rows may be taken out: retention and erasure do.
-- +goose StatementBegin
CREATE TRIGGER risk_answers_unchanged BEFORE UPDATE ON risk_answers
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER risk_scales_unchanged BEFORE UPDATE ON risk_scales
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER risk_measures_unchanged BEFORE UPDATE ON risk_measures
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER risk_levels_unchanged BEFORE UPDATE ON risk_levels
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER risk_proposals_unchanged BEFORE UPDATE ON risk_proposals
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER risk_decisions_unchanged BEFORE UPDATE ON risk_decisions
BEGIN
    SELECT RAISE(ABORT, 'assessments are not changed');
END;
-- +goose StatementEnd
