// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;
import {ERC721} from "solady/tokens/ERC721.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
abstract contract AssetRegistry is IAssetRegistry, ERC721 { constructor(uint16 feeBps) {} }
