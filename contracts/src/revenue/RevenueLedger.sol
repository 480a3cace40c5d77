// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
import {IRevenueLedger} from "./IRevenueLedger.sol";
abstract contract RevenueLedger is IRevenueLedger { constructor(address registry, address treasury_, address governor) {} }
