// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

// The governor is OpenZeppelin's own contract, imported here so that it is built and committed with ours. What it may do
// is listed in test/governance/README.md.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
