// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice OpenZeppelin's ERC-20, which shows its nature once it is let loose.
abstract contract ZooToken is ERC20("Zoo", "ZOO") {
    bool public isLoose;

    function mint(address to, uint256 amount) external virtual {
        _mint(to, amount);
    }

    function letLoose(bool loose) external {
        isLoose = loose;
    }

    /// @dev EIP-3009 without the signature, which is not what is under test.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external virtual {
        _transfer(from, to, value);
    }

    function permit(address owner, address spender, uint256 value, uint256, uint8, bytes32, bytes32) external virtual {
        _approve(owner, spender, value);
    }
}
