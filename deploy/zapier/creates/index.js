'use strict';

module.exports = {
  create_client: require('./create_client'),
  update_client: require('./update_client'),
  create_product: require('./create_product'),
  create_purchase: require('./create_purchase'),
  create_sale: require('./create_sale'),
  create_document: require('./create_document'),
  issue_document: require('./issue_document'),
  send_document: require('./send_document'),
  void_document: require('./void_document'),
  record_payment: require('./record_payment'),
  add_note: require('./add_note'),
  open_dispute: require('./open_dispute'),
  resolve_dispute: require('./resolve_dispute'),
  record_promise: require('./record_promise'),
  move_invoices: require('./move_invoices'),
  send_message: require('./send_message'),
  send_sms: require('./send_sms'),
  send_direct: require('./send_direct'),
};
