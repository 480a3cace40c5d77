// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

// The first of the bundle is OpenZeppelin's own contract, imported here so that it is built and committed with ours.
// forge-lint: disable-next-line(unused-import)
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Deployer
/// @notice Creates the contracts of Agorai, each of which knows the others' addresses from its first moment.
/// @dev A contract that CREATE makes has an address that follows from its creator and its place in the order, not from
/// its code. So each of them computes the others' in its constructor, and nobody has to be trusted to introduce them.
/// The Deployer's own address commits, by its constructor's argument, to the exact code of all of them.
contract Deployer {
    error Deployer_NotInBundle(uint256 place);

    event Deployed(uint256 indexed place, address indexed deployed);

    /// @notice keccak256 of the creation code hashes, one after the other.
    bytes32 public immutable bundle;
    /// @notice How many have been created; the next one's place, from 0. Its CREATE nonce is one higher.
    uint256 public count;

    constructor(bytes32 bundle_) {
        bundle = bundle_;
    }

    /// @notice Creates the next contract. Anyone may call.
    /// @param hashes keccak256 of every contract's creation code with its arguments, in order.
    function deploy(bytes32[] calldata hashes, bytes calldata creation) external returns (address deployed) {
        uint256 place = count++;
        bool known = keccak256(abi.encodePacked(hashes)) == bundle && place < hashes.length
            && keccak256(creation) == hashes[place];
        if (!known) revert Deployer_NotInBundle(place);
        bytes memory code = creation;
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                returndatacopy(mload(0x40), 0, returndatasize())
                revert(mload(0x40), returndatasize())
            }
        }
        emit Deployed(place, deployed);
    }
}
