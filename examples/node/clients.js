'use strict';
// Where the queues are, and with what keys: said by the environment.

const Mns = require('@alicloud/mns');

exports.QUEUE = process.env.PROVISIONER_QUEUE || 'provision-requests';
exports.INBOX = process.env.INBOX || 'provision-outcomes-inbox';

function setting(name) {
  if (!process.env[name]) {
    console.error(`set ${name}; docs/integrate.md says to what`);
    process.exit(1);
  }
  return process.env[name];
}

// MNS's endpoint: https://ACCOUNT.mns.REGION.aliyuncs.com, or the URL of a local cloud.
exports.endpoint = () => setting('MNS_ENDPOINT').replace(/\/$/, '');

exports.client = () => {
  const endpoint = exports.endpoint();
  // The account is part of the endpoint's name; the SDK wants to be given one anyway.
  return new Mns(new URL(endpoint).hostname.split('.')[0], {
    endpoint,
    accessKeyId: setting('ALIBABA_CLOUD_ACCESS_KEY_ID'),
    accessKeySecret: setting('ALIBABA_CLOUD_ACCESS_KEY_SECRET'),
    securityToken: process.env.ALIBABA_CLOUD_SECURITY_TOKEN || undefined,
  });
};

// Runs a command to its end. The SDK keeps sockets open, so the process has to be ended.
exports.run = (main) => main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
  },
);
