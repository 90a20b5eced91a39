# The whole deployment as one Terraform resource: the ROS stack of template.yml. NOT RUN: written from the provider's
# documentation of alicloud_ros_stack. First come a bucket, the two files that `make package template` makes in it, and
# the service-linked roles: any queue trigger made once in Function Compute's console makes them. Then `provisioner
# doctor` checks this stack like any other.

terraform {
  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = ">= 1.221"
    }
  }
}

variable "region" {
  type = string
}

variable "bucket" {
  description = "OSS bucket in the region that holds package and template"
  type        = string
}

variable "package" {
  description = "Key of the package in the bucket; a new key for every version"
  type        = string
}

variable "template" {
  description = "Key of dist/template.yml in the bucket; a new key for every version"
  type        = string
}

variable "parameters" {
  description = "Other parameters of template.yml, such as ActionPolicy, ContactGroup, BatchSize"
  type        = map(string)
  default     = {}
}

provider "alicloud" {
  region = var.region
}

resource "alicloud_ros_stack" "provisioner" {
  stack_name         = "provisioner"
  template_url       = "oss://${var.bucket}/${var.template}?RegionId=${var.region}"
  timeout_in_minutes = 30

  dynamic "parameters" {
    for_each = merge(var.parameters, { CodeBucket = var.bucket, CodeObject = var.package })
    content {
      parameter_key   = parameters.key
      parameter_value = parameters.value
    }
  }
}

output "stack_id" {
  description = "What the provisioner command finds queue, topic, store and logs by"
  value       = alicloud_ros_stack.provisioner.id
}
