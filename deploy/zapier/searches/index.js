'use strict';

module.exports = {
  find_client: require('./find_client'),
  find_product: require('./find_product'),
  find_sale: require('./find_sale'),
};
