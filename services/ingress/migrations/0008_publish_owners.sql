-- Who is told when something of an account fails: the addresses of its owners.
CREATE VIEW ingress_api.owner AS
SELECT m.account_id, l.email
  FROM ingress.membership m JOIN ingress.login l ON l.id = m.user_id
 WHERE m.role = 'owner' AND l.email IS NOT NULL;
GRANT SELECT ON ingress_api.owner TO ledgerwire_execution, ledgerwire_dispatch;
