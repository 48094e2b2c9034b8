-- The flow that made an account, or last connected it, as the log names it; of a revocation, the flow whose
-- grant it revokes. Empty: not known. A caldock of the version before leaves both as they are.
alter table accounts add column flow text not null default '';
alter table revocations add column flow text not null default '';
