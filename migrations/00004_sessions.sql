-- +goose Up

-- A token carries the epoch in which it was issued, none meaning 0. A change of
-- password and a logout everywhere begin the next one, which ends all earlier
-- tokens but those of the session that changed the password: kept_session is
-- that session's id, or the jti of its token.
alter table users
    add column session_epoch integer not null default 0,
    add column kept_session  uuid;

-- Refresh tokens, each good for one use, by SHA-256. A family is one session;
-- next_key makes the token that follows out of the one that is used. A used
-- token stays, so that whoever brings it again is found out.
create table refresh_tokens (
    hash       bytea primary key,
    family     uuid        not null,
    user_id    integer     not null references users on delete cascade,
    next_key   bytea       not null,
    created_at timestamptz not null default now(),
    used_at    timestamptz,
    expires_at timestamptz not null
);

create index refresh_tokens_family on refresh_tokens (family);
create index refresh_tokens_user_id on refresh_tokens (user_id);
create index refresh_tokens_expires_at on refresh_tokens (expires_at);

-- +goose Down
drop table refresh_tokens;
alter table users drop column session_epoch, drop column kept_session;
