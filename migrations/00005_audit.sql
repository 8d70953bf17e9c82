-- +goose Up

-- One row for each security event, written in the transaction of the change
-- that it tells of. No name, token or other secret stands here: people type
-- passwords into the wrong field. user_id is no reference: a row outlives the
-- user.
create table audit (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    event      text        not null, -- register, login, logout, logout_everywhere, edit, delete, refresh, revoke
    outcome    text        not null,
    reason     text,                 -- why it was refused, or which fields were changed
    user_id    integer,              -- null: nobody is known
    action     text        not null,
    request_id text        not null, -- as in the host's log
    source     text,                 -- as the caller told it, see LOGIN_SOURCE
    constraint audit_outcome check (outcome in ('ok', 'refused'))
);

create index audit_at on audit (at);
create index audit_user_id on audit (user_id, at);

-- +goose Down
drop table audit;
