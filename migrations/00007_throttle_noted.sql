-- +goose Up

-- Until when a refusal by this bucket is in the audit already: who is refused
-- goes on at no cost, and must not fill that table.
alter table login_throttle add column noted_until timestamptz;

-- +goose Down
alter table login_throttle drop column noted_until;
