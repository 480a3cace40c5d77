// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
import {IAccessMarket} from "./IAccessMarket.sol";
abstract contract AccessMarket is IAccessMarket { constructor(address registry, address ledger) {} }
