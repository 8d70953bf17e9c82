-- +goose Up

-- A revoked token, until it would have expired by itself; never where
-- expires_at is null.
create table revocations (
    jti        uuid primary key,
    created_at timestamptz not null default now(),
    expires_at timestamptz
);

create index revocations_expires_at on revocations (expires_at);

-- +goose Down
drop table revocations;
